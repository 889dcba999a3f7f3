#!/usr/bin/python3
"""subreaper.py PIDFILE SECONDS CREATE... -- START...: runs both commands and reaps the container's process.

Stands where a shim stands: a child subreaper, to which the monitor is handed when `create` ends. Prints how the process
named in PIDFILE ended: "exited N" or "signaled N".
"""
import ctypes
import os
import signal
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36


def main():
    pid_file, seconds, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    separator = command.index("--")
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("cannot become a subreaper")
    console = sys.stderr
    for words in (command[:separator], command[separator + 1:]):
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=console, check=True)
    with open(pid_file, encoding="ascii") as file:
        pid = int(file.read())
    signal.alarm(seconds)  # without a handler it ends this process
    _, status = os.waitpid(pid, 0)
    print(f"exited {os.WEXITSTATUS(status)}" if os.WIFEXITED(status) else f"signaled {os.WTERMSIG(status)}")


main()
