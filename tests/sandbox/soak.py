#!/usr/bin/python3
"""soak.py CYCLES WORKERS DIRECTORY URUNC [OPTION]...: create, start, kill and delete, many at once, amid SIGKILLs.

Each worker N has the bundle DIRECTORY/bundle-N. In two cycles of three something is killed at an instant that the
cycle's number decides: the urunc of one of the steps, or the container's process. Whatever happened, `delete --force`
at the cycle's end must succeed and nobody may hang. Prints what was done.
"""
import collections
import os
import random
import select
import signal
import subprocess
import sys
import threading
import time

PATIENCE = 180  # seconds until a command counts as hanging
LATEST = 0.02  # seconds after which the blow falls at the latest
STEPS = ["create", "start", "kill", "delete"]


class Worker(threading.Thread):
    def __init__(self, number, cycles, directory, command):
        super().__init__()
        self.cycles, self.command = cycles, command
        self.bundle = f"{directory}/bundle-{number}"
        self.prefix = f"{os.environ['SOAK_ID']}-{number}"
        self.pid_file, self.output = f"{directory}/pid-{number}", f"{directory}/output-{number}"
        self.done = collections.Counter()
        self.failure = None

    def start_step(self, step, name):
        words = {"create": ["--bundle", self.bundle, "--pid-file", self.pid_file, name], "kill": [name, "KILL"]}
        # To a file: a container's process keeps the descriptors of `create` open.
        with open(self.output, "ab") as file:
            return subprocess.Popen([*self.command, step, *words.get(step, [name])], stdin=subprocess.DEVNULL, stdout=file,
                                    stderr=file)

    def with_container(self, act):
        """Calls act with a descriptor of the container's process, where there is one."""
        try:
            with open(self.pid_file, encoding="ascii") as file:
                pid = int(file.read())
            pidfd = os.pidfd_open(pid)
        except (OSError, ValueError):
            return
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if file.read().strip() in ("urunc", "standin"):
                    act(pidfd)
        except OSError:
            pass
        finally:
            os.close(pidfd)

    def strike(self, pidfd):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        self.done["monitors killed"] += 1

    def wait_for_end(self, pidfd):
        if not select.select([pidfd], [], [], PATIENCE)[0]:
            raise RuntimeError(f"{self.prefix}: a killed container does not end")

    def cycle(self, number):
        chance = random.Random(number)
        target = chance.choice([None, "urunc", "container"])
        victim, delay = chance.choice(STEPS), chance.random() * LATEST
        name = f"{self.prefix}-{number}"
        for step in STEPS:
            process = self.start_step(step, name)
            if target is not None and step == victim:
                time.sleep(delay)
                if target == "container":
                    self.with_container(self.strike)
                elif process.poll() is None:
                    process.kill()
                    self.done["commands killed"] += 1
            status = process.wait(PATIENCE)
            self.done[f"{step} done" if status == 0 else f"{step} not done"] += 1
            if step == "kill" and status == 0:
                self.with_container(self.wait_for_end)
        status = self.start_force(name)
        if status != 0:
            raise RuntimeError(f"cycle {number}: delete --force ended with {status}")
        if os.path.exists(self.pid_file):
            os.unlink(self.pid_file)

    def start_force(self, name):
        with open(self.output, "ab") as file:
            return subprocess.run([*self.command, "delete", "--force", name], stdin=subprocess.DEVNULL, stdout=file,
                                  stderr=file, timeout=PATIENCE, check=False).returncode

    def run(self):
        try:
            for number in self.cycles:
                self.cycle(number)
        except (RuntimeError, subprocess.SubprocessError, OSError) as error:
            self.failure = str(error)


def main():
    cycles, count, directory, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    workers = [Worker(number, range(number, cycles, count), directory, command) for number in range(count)]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    total = collections.Counter()
    for worker in workers:
        worker.join()
        total += worker.done
    failures = [f"{worker.prefix}: {worker.failure}" for worker in workers if worker.failure is not None]
    if failures:
        sys.exit("\n".join(failures))
    figures = ", ".join(f"{total[key]} {key}" for key in sorted(total))
    print(f"{cycles} cycles, {count} at once, {time.monotonic() - began:.0f} s: {figures}")


main()
