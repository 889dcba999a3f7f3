#!/usr/bin/python3
"""faults.py DIRECTORY BUNDLE ID URUNC [OPTION]...: each step of a container's life with each of its system calls failing.

strace(1) counts the calls of a step, then lets one of them fail, each in a container of its own. Whatever fails, the
step must not hang or crash; where it says that it succeeded it must have; where it failed it says why, and either
nothing is left or what the container's state says is true and `delete` clears it away. FAULT_STEPS names the steps,
FAULT_ERRORS the errors, FAULT_ONLY is a regular expression that strace's line of a call must match (default: all that
can fail). Prints each fault that does harm; then the number of faults.
"""
import collections
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

PATIENCE = 60  # seconds until a step counts as hanging
CANNOT_FAIL = set(
    """execve execveat exit_group exit brk mmap munmap mprotect close rt_sigreturn rt_sigaction rt_sigprocmask arch_prctl rseq
    set_tid_address set_robust_list getpid gettid getppid getuid geteuid getgid getegid umask restart_syscall
    clock_gettime sched_yield getrandom futex getpgrp""".split()
)
INTERRUPTIBLE = set("read write poll ppoll flock wait4 waitid connect accept4 recvmsg sendmsg recvfrom sendto".split())
UNDOING = ("unlinkat", "rmdir", "kill")
LOADER_END = ("mprotect", "prlimit64", "munmap")


class Steps:
    def __init__(self, directory, bundle, prefix, command):
        self.directory, self.bundle, self.prefix, self.command = directory, bundle, prefix, command
        self.root = command[command.index("--root") + 1]
        self.number = 0
        self.faults = 0
        self.harm = []
        self.name = None

    # ---- the container ----

    def words(self, step):
        words = {
            "create": ["create", "--bundle", self.bundle, self.name],
            "kill": ["kill", self.name, "KILL"],
            "force": ["delete", "--force", self.name],
            "update": ["update", "--pids-limit", "77", self.name],
            "checkpoint": ["checkpoint", "--leave-running", "--image-path", f"{self.directory}/saved", self.name],
            "exec": ["exec", self.name, "program"],
        }
        return [*self.command, *words.get(step, [step, self.name])]

    def execute(self, words, output_name="output"):
        """Runs the words; returns the status, or None where it hangs."""
        # To files: a container's process keeps the descriptors of `create` open.
        with open(f"{self.directory}/{output_name}", "wb") as output, open(f"{self.directory}/error", "wb") as error:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=error, start_new_session=True
            )
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None

    def plain(self, step):
        return self.execute(self.words(step), "console" if step == "create" else "output")

    def error(self):
        with open(f"{self.directory}/error", encoding="utf-8", errors="replace") as file:
            return file.read()

    def status(self):
        """As `state` tells it; "gone" where there is no container."""
        if self.plain("state") != 0:
            return "gone"
        with open(f"{self.directory}/output", "rb") as file:
            return json.load(file)["status"]

    def processes(self):
        found = []
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
            except OSError:
                continue
            name, rest = text.split("(", 1)[1].rsplit(")", 1)
            if name in ("urunc", "standin") and rest.split()[0] not in "ZX":
                found.append(int(path.split("/")[2]))
        return found

    def await_no_process(self):
        deadline = time.monotonic() + PATIENCE
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self.processes()

    def cgroups(self):
        return [
            f"{path}/{name}"
            for path, directories, _ in os.walk("/sys/fs/cgroup")
            for name in directories
            if name.endswith(self.name)
        ]

    def left(self):
        found = []
        if os.path.exists(f"{self.root}/{self.name}"):
            found.append("state " + " ".join(os.listdir(f"{self.root}/{self.name}")))
        found += [f"cgroup {path}" for path in self.cgroups()]
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            found += [f"mount {line}" for line in file if self.root in line or self.name in line]
        return found

    def clear(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.plain("force")
        self.await_no_process()
        for path in self.cgroups():
            os.rmdir(path)

    # ---- steps and what must be true after them ----

    BEFORE = {
        "create": [],
        "start": ["create"],
        "delete": ["create", "start", "kill"],
        "force": ["create", "start"],
    }

    def ready(self, step):
        """A new container to which the step can be done."""
        self.number += 1
        self.name = f"{self.prefix}-{self.number}"
        for before in self.BEFORE.get(step, ["create", "start"]):
            if self.plain(before) != 0:
                raise RuntimeError(f"{before} without a fault: {self.error()}")
        if step == "delete":
            self.await_no_process()
        elif step not in ("create", "start"):
            self.await_monitor()
        if step == "resume":
            self.plain("pause")

    def await_monitor(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with open(f"{self.directory}/console", "rb") as file:
                if file.read().count(b"\n") >= 1:
                    return
            time.sleep(0.005)
        raise RuntimeError("the stand-in does not come up")

    EXPECTED = {
        "create": "created",
        "start": "running",
        "kill": "stopped",
        "delete": "gone",
        "force": "gone",
        "pause": "paused",
        "resume": "running",
    }

    def await_status(self, wanted):
        deadline = time.monotonic() + 5
        while (status := self.status()) != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        return status

    def problem_after(self, step, call, status):
        """What is wrong, or None."""
        if status is None:
            return "hangs"
        if status < 0 or status >= 124:
            return f"ended with {status}"
        message = self.error()
        if "Sanitizer" in message or "runtime error" in message:
            return "sanitizer"
        if status != 0 and not message:
            return "failed and said nothing"
        if status == 0:
            wanted = self.EXPECTED.get(step, "running")
            now = self.await_status(wanted)
            if now != wanted:
                return f"said that it succeeded, and the container is {now}"
            if wanted == "gone" and not self.await_no_process():
                return f"succeeded, and left the processes {self.processes()}"
            # With --force a cgroup that cannot be removed is a warning.
            if wanted == "gone" and self.left() and not (step == "force" and "warning: " in message):
                return f"succeeded, and left {self.left()} {self.processes()}"
            if step == "create" and self.plain("start") != 0:
                return "succeeded, and start fails: " + self.error()
            return None
        return self.problem_after_failure(step, call)

    def problem_after_failure(self, step, call):
        now = self.status()
        processes = self.processes()
        if now in ("created", "running", "paused") and not processes:
            time.sleep(0.05)
            now = self.status()
            if now in ("created", "running", "paused") and not self.processes():
                return f"failed, and a container without a process is {now}"
        if now in ("stopped", "gone") and not self.await_no_process():
            return f"failed, and the processes {self.processes()} run in a container that is {now}"
        if step == "create" and now == "stopped" and self.plain("delete") != 0:
            return "failed, and delete fails too: " + self.error()
        # What could not be removed was to be removed by the call that failed.
        if step == "create" and self.left() and call not in UNDOING:
            return f"failed, and left {self.left()}"
        if step in ("pause", "resume", "update", "checkpoint", "exec") and now not in ("running", "paused"):
            return f"failed, and the container is {now}"
        return None

    def try_fault(self, step, call, error, number):
        self.faults += 1
        self.ready(step)
        fault = f"{call}:error={error}:when={number}"
        status = self.execute(
            ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={fault}", *self.words(step)],
            "console" if step == "create" else "output",
        )
        message = self.error().strip()
        problem = self.problem_after(step, call, status)
        if problem is None and error == "EINTR" and status != 0:
            problem = "gives up where it is interrupted"
        if problem is None and self.name and os.path.exists(f"{self.root}/{self.name}"):
            if self.plain("force") != 0:
                problem = "delete --force fails afterwards: " + self.error()
            elif self.left():
                problem = f"delete --force leaves {self.left()}"
        if problem is not None:
            self.harm.append(f"{step} {fault}: {problem}")
            print(f"{step} {fault} (status {status}: {message[:300]}): {problem}", flush=True)
        self.clear()

    def calls_of(self, step):
        """[(call, number)] of the step's system calls that may fail, without the loader's."""
        only = re.compile(os.environ.get("FAULT_ONLY", ""))
        self.ready(step)
        log = f"{self.directory}/calls"
        if self.execute(["strace", "-y", "-qq", "-o", log, *self.words(step)]) not in (0, 7):
            raise RuntimeError(f"{step} without a fault: {self.error()}")
        self.clear()
        counts, found, loading = collections.Counter(), [], True
        seen_rseq = False
        with open(log, encoding="utf-8", errors="replace") as file:
            for line in file:
                match = re.match(r"(\w+)\(", line)
                if match is None:
                    continue
                call = match.group(1)
                counts[call] += 1
                if call in ("execve", "execveat") and "= 0" in line:
                    loading, seen_rseq = True, False
                elif call == "rseq":
                    seen_rseq = True
                elif loading and seen_rseq and call not in LOADER_END:
                    loading = False
                if not loading and call not in CANNOT_FAIL and only.search(line):
                    found.append((call, counts[call]))
        return found

    def all_faults(self, step, errors):
        for call, number in self.calls_of(step):
            for error in errors:
                if error != "EINTR" or call in INTERRUPTIBLE:
                    yield call, error, number

    def run(self):
        steps = os.environ.get("FAULT_STEPS", "create start delete force kill pause resume update checkpoint").split()
        errors = os.environ.get("FAULT_ERRORS", "ENOMEM EIO EINTR").split()
        for step in steps:
            began, faults = time.monotonic(), list(self.all_faults(step, errors))
            for call, error, number in faults:
                self.try_fault(step, call, error, number)
            print(f"# {step}: {len(faults)} faults in {time.monotonic() - began:.0f} s", flush=True)
        print(f"{self.faults} faults, {len(self.harm)} did harm")
        return 1 if self.harm else 0


if __name__ == "__main__":
    sys.exit(Steps(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]).run())
