#!/usr/bin/env python3
"""refuses.py BUNDLE COMMAND... <CASES: each line "FILTER ::: MESSAGE" spoils BUNDLE/config.json by a filter of jq; the
command must then fail by itself, with one short line on standard error in which the regular expression MESSAGE is
found, and leave nothing below $STATE but the versions of programs. Prints every case that does otherwise."""
import os
import pathlib
import re
import subprocess
import sys

bundle, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
config, state = bundle / "config.json", pathlib.Path(os.environ["STATE"])
good = config.read_bytes()


def problem_of(message):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    text = done.stderr.decode(errors="replace")
    if not 0 < done.returncode < 124 or "Sanitizer" in text or "runtime error" in text:
        return f"status {done.returncode}: {text}"
    if not text.endswith("\n") or len(text) > 2000 or any(ord(c) < 32 or ord(c) == 127 for c in text[:-1]):
        return f"not one plain line: {text!r}"
    if not re.search("^urunc: .*" + message, text):
        return f"says: {text}"
    left = [entry.name for entry in state.iterdir()] if state.exists() else []
    left = [name for name in left if not name.startswith("version@")]
    return f"left: {left}" if left else None


cases, bad = 0, 0
for line in sys.stdin:
    if not line.strip():
        continue
    spoil, message = line.rstrip("\n").split(" ::: ")
    config.write_bytes(subprocess.run(["jq", spoil], input=good, capture_output=True, check=True).stdout)
    problem = problem_of(message)
    cases += 1
    if problem:
        bad += 1
        print(f"{line.strip()}\n    {problem}")
config.write_bytes(good)
print(f"{cases} cases, {bad} bad")
sys.exit(1 if bad or cases < 3 else 0)
