#!/usr/bin/env python3
"""Prints every field of config.json that the runtime specification's JSON schemas know, one path a line:
config_fields.py DIRECTORY-OF-SCHEMAS. "[]" is any element of an array, "*" any key of an object."""
import json
import pathlib
import sys


def pointer(document, path):
    for word in filter(None, path.split("/")):
        document = document[word]
    return document


class Fields:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.paths = set()

    def load(self, file):
        return json.loads((self.directory / file).read_text())

    def walk(self, schema, file, path):
        if "$ref" in schema:
            target, _, place = schema["$ref"].partition("#")
            file = target or file
            self.walk(pointer(self.load(file), place), file, path)
        for part in schema.get("allOf", []) + schema.get("anyOf", []) + schema.get("oneOf", []):
            self.walk(part, file, path)
        for key, value in schema.get("properties", {}).items():
            self.add(value, file, f"{path}.{key}" if path else key)
        if isinstance(schema.get("items"), dict):
            self.walk(schema["items"], file, f"{path}[]")
        if isinstance(schema.get("additionalProperties"), dict):
            self.walk(schema["additionalProperties"], file, f"{path}.*")

    def add(self, schema, file, path):
        self.paths.add(path)
        self.walk(schema, file, path)


fields = Fields(sys.argv[1])
fields.walk(fields.load("config-schema.json"), "config-schema.json", "")
print("\n".join(sorted(fields.paths)))
