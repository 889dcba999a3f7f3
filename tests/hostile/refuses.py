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


lines = [line.strip() for line in sys.stdin if line.strip()]
cases = [line.split(" ::: ") for line in lines]
# One run of jq, because its start takes longer than all the rest.
spoil = ", ".join(f"({case[0]})" for case in cases)
spoilt = subprocess.run(["jq", "-c", spoil], input=good, capture_output=True, check=True).stdout.splitlines()
bad = 0 if len(spoilt) == len(cases) >= 3 else 1
for line, (_, message), document in zip(lines, cases, spoilt):
    config.write_bytes(document)
    problem = problem_of(message)
    if problem:
        bad += 1
        print(f"{line}\n    {problem}")
config.write_bytes(good)
print(f"{len(cases)} cases, {bad} bad")
sys.exit(1 if bad else 0)
