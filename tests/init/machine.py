#!/usr/bin/python3
"""machine.py KERNEL INITRD COMMAND_LINE DIRECTORY [--option QEMU_OPTION...] WORD...: boots a Linux guest under QEMU's emulation.

It has the ports of runtime/channel.h as urunc has QEMU make them, an exit port and a panic device. The words lead the
host's side (host.py); DIRECTORY gets the files "stdout", "stderr" and "console". Prints QEMU's exit status.
"""
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time

import host


def make_blocking(fds, process):
    """QEMU makes its outputs non-blocking, and what is in its queues when the guest ends would be lost."""
    while process.poll() is None and fds:
        for fd in list(fds):
            flags = fcntl.fcntl(fd, fcntl.F_GETFL)
            if flags & os.O_NONBLOCK:
                fcntl.fcntl(fd, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)
                fds.remove(fd)
        time.sleep(0.01)


def output(words, name, fd, number):
    words += ["-add-fd", f"fd={fd},set={number}", "-chardev", f"file,id={name},path=/dev/fdset/{number},append=on"]


def port(words, name, number):
    words += ["-device", f"virtserialport,bus=channel.0,nr={number},name=urunc.{name},chardev={name}"]


def command(kernel, initrd, line, directory, outputs, listener):
    words = ["qemu-system-x86_64", "-no-user-config", "-nodefaults", "-machine", "q35", "-accel", "tcg",
             "-cpu", "max,erms=off", "-m", "256", "-no-reboot", "-display", "none", "-action", "panic=exit-failure",
             "-kernel", kernel, "-initrd", initrd, "-append", f"panic=-1 console=ttyS0 no_timer_check quiet {line}",
             "-chardev", f"file,id=console,path={directory}/console", "-serial", "chardev:console",
             "-chardev", "stdio,id=stdin,signal=off",
             "-chardev", f"socket,id=control,fd={listener.fileno()},server=on,wait=off",
             "-device", "virtio-serial-pci,id=channel,ioeventfd=off", "-device", "pvpanic-pci"]
    for number, (name, fd) in enumerate(zip(("stdout", "stderr"), outputs), 2):
        output(words, name, fd, number)
    for number, name in enumerate(("stdin", "stdout", "stderr", "control"), 1):
        port(words, name, number)
    return words


def main():
    kernel, initrd, line, directory, *script = sys.argv[1:]
    options = []
    while script and script[0] == "--option":
        options += script[1].split(" ")
        script = script[2:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{directory}/control.sock")
    listener.listen()

    def connect():
        client = socket.socket(socket.AF_UNIX)
        client.connect(f"{directory}/control.sock")
        return client.detach()

    stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
    # Descriptions of QEMU's own.
    outputs = [os.open(f"/proc/self/fd/{pipe[1]}", os.O_WRONLY | os.O_APPEND) for pipe in (stdout, stderr)]
    side = host.Host(stdin[1], stdout[0], stderr[0], connect, [f"{directory}/stdout", f"{directory}/stderr"])
    process = subprocess.Popen(command(kernel, initrd, line, directory, outputs, listener) + options, stdin=stdin[0],
                               stdout=subprocess.DEVNULL, pass_fds=(*outputs, listener.fileno()))
    for fd in (stdin[0], stdout[1], stderr[1]):
        os.close(fd)
    unblocker = threading.Thread(target=make_blocking, args=(list(outputs), process))
    unblocker.start()
    try:
        side.run(script)
        print(f"status {process.wait(timeout=host.LIMIT * 3)}", flush=True)
    finally:
        process.kill()
        process.wait()
        unblocker.join()
        for fd in outputs:
            os.close(fd)
    side.finish()


main()
