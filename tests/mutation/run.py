#!/usr/bin/python3
"""Holds small deletions and flips of the code ("mutants") against the tests that should notice them.

Each mutant of mutants/*.ini is applied to a scratch copy of the sources, built there, and met with the tests that it
names. A mutant that no test fails on survives: what it took away is not tested. docs/testing.md explains the entries.
"""
import argparse
import configparser
import glob
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
TEST_SECONDS = 60    # that one test may take
MUTANT_SECONDS = 300  # that all tests of a mutant may take
PROGRAMS = ("urunc", "urunc-build", "standin", "standin-static", "systemd-standin", "resctrl-preload", "tracer", "urunc-init-on-host",
            "wire", "guest-program",
            "library-caller", "guests")

KILLED, SURVIVED, STALE, UNBUILDABLE = "killed", "SURVIVED", "STALE", "DOES NOT BUILD"


class Mutant:
    def __init__(self, path, name, entry):
        self.place = f"{os.path.basename(path)[:-len('.ini')]}/{name}"
        self.file, self.tests = entry["file"], entry["tests"]
        self.old, self.new = entry["from"], entry["to"]

    def matches(self, text):
        """Where `from` occurs; the indentation of its lines does not count."""
        lines = [re.escape(line.strip()) for line in self.old.strip().split("\n")]
        return list(re.finditer(r"[ \t]*\n[ \t]*".join(lines), text))

    def stale(self):
        """Why the entry does not fit the sources, or None."""
        path = os.path.join(SOURCE, self.file)
        if not os.path.isfile(path):
            return f"there is no {self.file}"
        with open(path, encoding="utf-8") as file:
            found = len(self.matches(file.read()))
        if found != 1:
            return f"`from` occurs {found} times in {self.file}"
        if self.old.strip() == self.new.strip():
            return "`from` and `to` are the same"
        return None

    def applied(self, text):
        match = self.matches(text)[0]
        return text[:match.start()] + self.new.strip() + text[match.end():]


def read_mutants(patterns):
    mutants = []
    for path in sorted(glob.glob(os.path.join(HERE, "mutants", "*.ini"))):
        parser = configparser.ConfigParser(interpolation=None, comment_prefixes=(";",), delimiters=("=",))
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        mutants += [Mutant(path, name, parser[name]) for name in parser.sections()]
    return [mutant for mutant in mutants if not patterns or any(re.search(word, mutant.place) for word in patterns)]


def known_tests(build):
    """The names of a build directory's tests, in ctest's order."""
    text = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, check=True,
                          text=True).stdout
    return [test["name"] for test in json.loads(text)["tests"]]


class Scratch:
    """A copy of the sources with a build directory, at one name for the compiler cache's sake."""

    def __init__(self, directory, number):
        self.source = os.path.join(directory, f"copy{number}")
        self.build = os.path.join(self.source, "build", "mutation")
        self.environment = dict(os.environ, CCACHE_BASEDIR=self.source, CCACHE_NOHASHDIR="1", LC_ALL="C.UTF-8")
        self.log = os.path.join(directory, f"log{number}")
        self.cage = f"urunc-mutation-{os.getpid()}-{number}"
        self.copy_sources()
        self.must("cmake", "-G", "Ninja", "-S", self.source, "-B", self.build, "-DCMAKE_BUILD_TYPE=Debug",
                  "-DCMAKE_C_FLAGS_DEBUG=-O0", "-DURUNC_WERROR=OFF")
        self.tests = known_tests(self.build)

    def copy_sources(self):
        listed = subprocess.run(["git", "-C", SOURCE, "ls-files", "-co", "--exclude-standard", "-z"],
                                capture_output=True, check=True).stdout
        for name in filter(None, os.fsdecode(listed).split("\0")):
            origin, copy = os.path.join(SOURCE, name), os.path.join(self.source, name)
            if os.path.lexists(origin):
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                shutil.copy2(origin, copy, follow_symlinks=False)

    def run(self, *command):
        with open(self.log, "ab") as log:
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                                  check=False).returncode == 0

    def must(self, *command):
        if not self.run(*command):
            with open(self.log, encoding="utf-8", errors="replace") as log:
                sys.exit("".join(log.readlines()[-30:]) + f"failed: {' '.join(command)}")

    def find_tests(self, expression):
        return [name for name in self.tests if re.search(expression, name)]

    def make(self, names):
        """Builds what the tests run: unit.test_NAME is the program test_NAME, any other test runs all programs."""
        targets = set()
        for name in names:
            targets.update([name[len("unit."):]] if name.startswith("unit.test_") else PROGRAMS)
        return self.run("cmake", "--build", self.build, "--target", *sorted(targets))

    def test(self, names):
        """The name of the first test that fails, or None where all pass."""
        output = os.path.join(self.build, "Testing", "mutation.txt")
        numbers = ",".join(str(self.tests.index(name) + 1) for name in names)
        command = ["ctest", "--test-dir", self.build, "-I", f"0,0,0,{numbers}", "--stop-on-failure", "--timeout",
                   str(TEST_SECONDS), "--output-log", output]
        if os.geteuid() == 0:
            command = [os.path.join(HERE, "cage.sh"), self.cage, "timeout", "-k", "1", str(MUTANT_SECONDS)] + command
        if self.run(*command):
            return None
        with open(output, encoding="utf-8", errors="replace") as text:
            failed = re.findall(r"Test +#\d+: (\S+) .*\*\*\*", text.read())
        return failed[0] if failed else "ctest"

    def judge(self, mutant):
        """What becomes of a mutant, and a word about it."""
        reason = mutant.stale()
        if reason is not None:
            return STALE, reason
        names = self.find_tests(mutant.tests)
        if not names:
            return STALE, f"no test is called {mutant.tests}"
        path = os.path.join(self.source, mutant.file)
        with open(path, encoding="utf-8") as file:
            original = file.read()
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(mutant.applied(original))
            if not self.make(names):
                return UNBUILDABLE, ""
            failed = self.test(names)
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(original)
        return (SURVIVED, mutant.tests) if failed is None else (KILLED, f"by {failed}")


def check_baseline(scratch, mutants):
    """A test that fails without any mutant would kill them all."""
    names = [name for name in scratch.tests if any(re.search(mutant.tests, name) for mutant in mutants)]
    scratch.must("cmake", "--build", scratch.build, "--target", *PROGRAMS)
    if not scratch.make(names):
        sys.exit(f"the sources do not build: {scratch.log}")
    failed = scratch.test(names)
    if failed is not None:
        with open(scratch.log, encoding="utf-8", errors="replace") as log:
            sys.exit("".join(log.readlines()[-40:]) + f"{failed} fails without any mutant")


class Run:
    def __init__(self, mutants):
        self.queue = queue.Queue()
        for mutant in mutants:
            self.queue.put(mutant)
        self.results, self.lock = [], threading.Lock()

    def work(self, scratch):
        while True:
            try:
                mutant = self.queue.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            verdict, about = scratch.judge(mutant)
            with self.lock:
                self.results.append((mutant, verdict))
                print(f"{verdict:9} {mutant.place} {about} ({time.monotonic() - began:.0f} s)", flush=True)

    def count(self, verdict):
        return sum(found == verdict for _, found in self.results)


def run_all(mutants, directory, jobs):
    print(f"{len(mutants)} mutants; building in {directory}", flush=True)
    copies = [Scratch(directory, number) for number in range(min(jobs, len(mutants)))]
    check_baseline(copies[0], [mutant for mutant in mutants if mutant.stale() is None])
    for scratch in copies[1:]:
        scratch.must("cmake", "--build", scratch.build, "--target", *PROGRAMS)
    run = Run(mutants)
    threads = [threading.Thread(target=run.work, args=(scratch,)) for scratch in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for mutant, verdict in sorted(run.results, key=lambda result: result[0].place):
        if verdict != KILLED:
            print(f"{verdict}: {mutant.place} ({mutant.file})")
    print(f"{len(run.results)} mutants: {run.count(KILLED)} killed, {run.count(SURVIVED)} survived, "
          f"{run.count(STALE)} stale, {run.count(UNBUILDABLE)} do not build")
    return 0 if run.count(KILLED) == len(run.results) else 1


def check_entries(mutants, build):
    """Every entry fits the sources, and its tests exist."""
    problems = []
    names = known_tests(build) if build else []
    for mutant in mutants:
        reason = mutant.stale()
        if reason is None and build and not any(re.search(mutant.tests, name) for name in names):
            reason = f"no test is called {mutant.tests}"
        if reason is not None:
            problems.append(f"{mutant.place}: {reason}")
    print("\n".join(problems + [f"{len(mutants)} mutants, {len(problems)} stale"]))
    return 1 if problems or not mutants else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    parser.add_argument("pattern", nargs="*", help="only mutants whose FILE/NAME this regular expression finds")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="copies to work in at once")
    parser.add_argument("--list", action="store_true", help="print the mutants")
    parser.add_argument("--check", action="store_true", help="only hold the entries against the sources")
    parser.add_argument("--build", help="with --check: a build directory that has the tests")
    parser.add_argument("--keep", action="store_true", help="leave the scratch copies")
    options = parser.parse_args()
    mutants = read_mutants(options.pattern)
    if options.list:
        for mutant in mutants:
            print(f"{mutant.place}\t{mutant.file}\t{mutant.tests}")
        return 0
    if options.check:
        return check_entries(mutants, options.build)
    if not mutants:
        sys.exit("no mutant has such a name")
    directory = tempfile.mkdtemp(prefix="urunc-mutation.")
    try:
        return run_all(mutants, directory, max(1, options.jobs))
    finally:
        if options.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory)


sys.exit(main())
