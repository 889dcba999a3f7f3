#!/usr/bin/python3
"""console.py SOCKET SECONDS [EXPECT SEND]...: plays the engine's side of a console socket.

Receives the terminal's descriptor, then waits for each EXPECT and answers with SEND and a newline; a SEND of the form
resize:ROWS:COLUMNS sets the terminal's size instead. What the terminal said goes to standard output. Fails where the descriptor is no terminal, or a text does not come in time.
"""
import array
import fcntl
import os
import select
import socket
import struct
import sys
import termios
import time


def receive_descriptor(path, deadline):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    listener.settimeout(deadline - time.monotonic())
    connection, _ = listener.accept()
    name, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
    level, kind, data = ancillary[0]
    if (level, kind) != (socket.SOL_SOCKET, socket.SCM_RIGHTS):
        sys.exit("no descriptor came over the console socket")
    descriptors = array.array("i", data)
    print(f"received {name!r}", file=sys.stderr)
    if not os.isatty(descriptors[0]):
        sys.exit("what came over the console socket is no terminal")
    return descriptors[0]


def read_until(terminal, text, deadline):
    seen = b""
    while text.encode() not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            sys.exit(f"{text!r} did not come")
        try:
            data = os.read(terminal, 4096)
        except OSError:
            data = b""
        if not data:
            sys.exit(f"the terminal closed before {text!r}")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        seen += data


def send(terminal, answer):
    if answer.startswith("resize:"):
        rows, columns = (int(number) for number in answer.split(":")[1:])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    else:
        os.write(terminal, answer.encode() + b"\n")


def main():
    path, seconds, script = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    deadline = time.monotonic() + seconds
    terminal = receive_descriptor(path, deadline)
    for expected, answer in zip(script[::2], script[1::2]):
        read_until(terminal, expected, deadline)
        send(terminal, answer)
    # Until the other side closes, so that nobody is stopped by a full terminal.
    while time.monotonic() < deadline:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


main()
