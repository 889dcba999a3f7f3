#!/usr/bin/python3
"""validate.py SCHEMA FILE...: validates JSON files against a schema of a directory of OCI schemas."""
import json
import pathlib
import sys
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
import jsonschema


def load(path):
    return json.loads(pathlib.Path(path).read_text())


class Directory(jsonschema.RefResolver):
    """The schemas name each other by web addresses that end in the file's name: stay in the directory."""

    def __init__(self, path, schema):
        super().__init__(schema.get("id", path.as_uri()), schema)
        self.directory = path.parent

    def resolve_remote(self, uri):
        return load(self.directory / uri.rpartition("/")[2])


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    schema = load(path)
    validator = jsonschema.validators.validator_for(schema)(schema, resolver=Directory(path, schema))
    errors = [(name, error) for name in sys.argv[2:] for error in validator.iter_errors(load(name))]
    for name, error in errors:
        print(f"{name}: {'/'.join(map(str, error.path))}: {error.message}", file=sys.stderr)
    sys.exit(bool(errors))


main()
