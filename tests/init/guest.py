#!/usr/bin/python3
"""guest.py INIT ROOT DEV COMMAND_LINE [--network] [--channel WORD...]: runs INIT as a Linux guest's first process, without a guest.

It is process 1 of namespaces of its own, a user namespace first of all, so nothing that it does (mounts, modules, host
name, ports, power) reaches the host. Its root is a tmpfs with a copy of the directory ROOT and the host's programs; its
/dev is the directory DEV, in which "console" gets its output and "port" what it writes to I/O ports; its /proc/cmdline
says COMMAND_LINE. Prints how it ended: "powered off", "reset", or a wait status.

With --channel it finds the ports of runtime/channel.h: FIFOs, which end as ports do, and terminals for the control port
and those of further programs. The port of the terminal's sizes is there where a word speaks of it.
The words lead the host's side (host.py); output goes to the files "stdout" and "stderr" beside DEV.
"""
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import tty

import host

CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID = 0x10000000, 0x00020000, 0x20000000
CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC = 0x40000000, 0x04000000, 0x08000000
FIRST_ID, IDS = 100000, 65536
PORTS = ("stdin", "stdout", "stderr", "control")
EXECS = 12  # ports of further programs: the last one's name is for the guest to write
SIZES = len(PORTS) + EXECS + 1  # the number of the port of the terminal's sizes
ENDINGS = {signal.SIGINT: "powered off", signal.SIGHUP: "reset"}  # reboot(2), "Behavior inside PID namespaces"


def unshare():
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def run(*command):
    subprocess.run(command, check=True)


def make_ports(guest, terminals):
    """The first terminal is the control port, the others are those of further programs."""
    names = PORTS + tuple(f"exec.{number}" for number in range(1, EXECS + 1))
    for number, name in enumerate(names, 1):
        os.makedirs(f"{guest}/sys/class/virtio-ports/vport0p{number}")
        if number < len(names):
            with open(f"{guest}/sys/class/virtio-ports/vport0p{number}/name", "w", encoding="ascii") as file:
                file.write(f"urunc.{name}\n")
    for number, terminal in enumerate(terminals, PORTS.index("control") + 1):
        run("mount", "--bind", terminal, f"{guest}/dev/vport0p{number}")
    if os.path.exists(f"{guest}/dev/vport0p{SIZES}"):
        os.makedirs(f"{guest}/sys/class/virtio-ports/vport0p{SIZES}")
        with open(f"{guest}/sys/class/virtio-ports/vport0p{SIZES}/name", "w", encoding="ascii") as file:
            file.write("urunc.window\n")


def make_root(guest, init, root, dev, line, terminals):
    run("mount", "-t", "tmpfs", "-o", "mode=755", "guest", guest)
    run("cp", "-a", "--no-preserve=ownership", root + "/.", guest)
    for name in ("usr", "lib", "lib64", "bin", "sbin"):
        if os.path.isdir("/" + name):
            os.makedirs(f"{guest}/{name}", exist_ok=True)
            run("mount", "--bind", "/" + name, f"{guest}/{name}")
    for name in ("proc", "dev"):
        os.mkdir(f"{guest}/{name}")
    run("mount", "--rbind", dev, f"{guest}/dev")
    if terminals:
        make_ports(guest, terminals)
    run("mount", "-t", "proc", "proc", f"{guest}/proc")
    with open(f"{guest}/line", "w", encoding="utf-8") as file:
        file.write(line + "\n")
    run("mount", "--bind", f"{guest}/line", f"{guest}/proc/cmdline")
    run("cp", init, f"{guest}/first")
    # In a coverage build the program's counters go to its build directory (tests/coverage/counters.c).
    build = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(init))))
    if os.path.isdir(build + "/tests/coverage"):
        os.makedirs(guest + build)
        run("mount", "--bind", build, guest + build)


def become_guest(guest, init, root, dev, line, network, terminals):
    if network:
        run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "other")
        run("ip", "link", "set", "other", "up")
    make_root(guest, init, root, dev, line, terminals)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it
    os.chroot(guest)
    os.chdir("/")
    os.execve("/first", ["/first"], {"HOME": "/", "TERM": "linux", "GCOV_ERROR_FILE": "/dev/null"})


def supervise(words, ready, go):
    """In the user namespace, but not in the process ID namespace, which begins with the child."""
    unshare()
    os.write(ready, b"x")
    os.read(go, 1)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    first = os.fork()
    if first == 0:
        become_guest(*words)
    _, status = os.waitpid(first, 0)
    ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    host.say(ENDINGS.get(ended, f"status {status}"))
    os._exit(0)


def make_terminal():
    master, slave = os.openpty()
    tty.setraw(slave)
    os.fchown(slave, FIRST_ID, FIRST_ID)
    return master, slave


def make_sizes(dev):
    """Opened for both, so that it never ends."""
    path = f"{dev}/vport0p{SIZES}"
    os.mkfifo(path)
    os.chown(path, FIRST_ID, FIRST_ID)
    return os.open(path, os.O_RDWR)


def make_host(dev, terminals):
    """The host's side of the ports, and descriptors that keep FIFOs without a guest from ending."""
    paths = {name: f"{dev}/vport0p{number}" for number, name in enumerate(PORTS, 1)}
    for number in range(len(PORTS), len(PORTS) + EXECS + 1):
        open(f"{dev}/vport0p{number}", "wb").close()
    for name in ("stdin", "stdout", "stderr"):
        os.mkfifo(paths[name])
        os.chown(paths[name], FIRST_ID, FIRST_ID)
    held = [os.open(paths["stdin"], os.O_RDONLY | os.O_NONBLOCK)]
    stdin = os.open(paths["stdin"], os.O_WRONLY)
    outputs = []
    for name in ("stdout", "stderr"):
        outputs.append(os.open(paths[name], os.O_RDONLY | os.O_NONBLOCK))
        held.append(os.open(paths[name], os.O_WRONLY))
        os.set_blocking(outputs[-1], True)
    files = [f"{os.path.dirname(dev)}/{name}" for name in ("stdout", "stderr")]
    (master, slave), *execs = terminals
    return host.Host(stdin, *outputs, lambda: master, files, slave, [terminal[0] for terminal in execs]), held


def main():
    network, script = "--network" in sys.argv, None
    if "--channel" in sys.argv:
        script = sys.argv[sys.argv.index("--channel") + 1:]
    guest = tempfile.mkdtemp(dir=os.path.dirname(sys.argv[3]))
    os.chmod(guest, 0o755)
    terminals = [make_terminal() for _ in range(EXECS + 1)] if script is not None else []
    words = [guest] + sys.argv[1:5] + [network, [os.ttyname(slave) for _, slave in terminals]]
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        for master, _ in terminals[1:]:  # the host alone holds it, so its closing is the end
            os.close(master)
        supervise(words, ready[1], go[0])
    os.read(ready[0], 1)
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{child}/{name}", "w", encoding="ascii") as file:
            file.write(f"0 {FIRST_ID} {IDS}")
    side, held = make_host(sys.argv[3], terminals) if script is not None else (None, [])
    if side and any(word.startswith(("resize:", "sizes:")) for word in script):
        side.sizes = make_sizes(sys.argv[3])
    os.write(go[1], b"x")
    if side:
        side.run(script)
    _, status = os.waitpid(child, 0)
    for fd in held:
        os.close(fd)
    if side:
        side.finish()
    os.rmdir(guest)
    sys.exit(os.waitstatus_to_exitcode(status))


main()
