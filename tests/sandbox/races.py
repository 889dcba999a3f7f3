#!/usr/bin/python3
"""races.py ROUNDS DIRECTORY BUNDLE ID URUNC [OPTION]...: eight callers at one container, again and again.

Each round creates the container and lets two callers each of state, kill, start and delete at it at the same time, in
an order that the round's number decides. At most one start and one delete may succeed, whoever fails must say why in
one line of those below, and nobody may hang. Then `delete --force` removes what is left. Prints how often each
succeeded.
"""
import collections
import os
import random
import re
import subprocess
import sys

PATIENCE = 120  # seconds until a caller counts as hanging
CALLERS = [["state"], ["kill", "KILL"], ["start"], ["delete"]] * 2
REASONS = {
    "state": ["does not exist"],
    "kill": ["container not running", "does not exist"],
    "start": ["cannot start an already running container", "cannot start a container that has stopped",
              "cannot start a container that is still being created", "does not exist",
              "the container's process ended"],
    "delete": ["that is not stopped", "does not exist"],
}


class Race:
    def __init__(self, directory, bundle, name, command):
        self.directory, self.bundle, self.name, self.command = directory, bundle, name, command
        self.won = collections.Counter()

    def call(self, words, output):
        # To a file: a container's process keeps the descriptors of `create` open.
        with open(output, "wb") as file:
            return subprocess.Popen([*self.command, *words], stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def run(self, words, output):
        status = self.call(words, output).wait(PATIENCE)
        if status != 0:
            sys.exit(f"{words}: {read(output)}")

    def round(self, number):
        chance = random.Random(number)
        self.run(["create", "--bundle", self.bundle, self.name], f"{self.directory}/create")
        callers = list(CALLERS)
        chance.shuffle(callers)
        running = []
        for place, (command, *rest) in enumerate(callers):
            output = f"{self.directory}/caller-{place}"
            running.append((command, output, self.call([command, self.name, *rest], output)))
            for _ in range(chance.randrange(4)):
                os.sched_yield()
        winners = collections.Counter()
        for command, output, process in running:
            if process.wait(PATIENCE) == 0:
                winners[command] += 1
            elif process.returncode != 1 or not is_explained(command, read(output)):
                sys.exit(f"round {number}: {command} ended with {process.returncode}: {read(output)}")
        if winners["start"] > 1 or winners["delete"] > 1:
            sys.exit(f"round {number}: more than one winner: {dict(winners)}")
        self.won += winners
        self.run(["delete", "--force", self.name], f"{self.directory}/delete")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def is_explained(command, text):
    lines = text.splitlines()
    return len(lines) == 1 and any(re.search(re.escape(reason), lines[0]) for reason in REASONS[command])


def main():
    rounds, (directory, bundle, name), command = int(sys.argv[1]), sys.argv[2:5], sys.argv[5:]
    race = Race(directory, bundle, name, command)
    for number in range(rounds):
        race.round(number)
    print(f"{rounds} rounds: " + ", ".join(f"{race.won[word]} {word}" for word in sorted(REASONS)))


main()
