"""The host's side of a guest's channel (runtime/channel.h), led by a script of one command a word:

    hello:SESSION  signal:SESSION:NUMBER  window:SESSION:ROWS:COLUMNS  power-off:SESSION   send a frame
    bytes:HEX       send bytes that are no frame
    answer          wait for a frame and print it
    type:TEXT       write to standard input; \\n, \\x03 and so on as in Python
    feed:FILE       likewise a file's bytes
    eof             close standard input
    until:TEXT      wait until standard output holds the text
    hold            stop reading standard output
    release         go on reading it
    taken           wait until the guest has read all that was sent to it on the control port
    pause:SECONDS
    connect, leave  another client on the control port; one is there at the start

Standard input is closed where the script ends. What cannot be done within LIMIT seconds ends the test.
"""
import os
import select
import struct
import threading
import time

LIMIT = 120  # of a loaded machine: no test waits for it to pass
TYPES = {"hello": (1, ""), "signal": (2, "I"), "window": (3, "HH"), "power-off": (4, "")}
PHASES = {0: "starting", 1: "running", 2: "ended"}


def say(line):
    """One line of the log, in one write(2): two processes write it, and print() may take two."""
    os.write(1, (line + "\n").encode())


class Host:
    """`connect` returns the control port's descriptor; the others are pipes of the host. `guest_end` is what the guest
    reads of the control port, where this process can have it."""

    def __init__(self, stdin, stdout, stderr, connect, files, guest_end=None):
        self.guest_end = guest_end
        self.stdin, self.connect, self.control = stdin, connect, connect()
        self.seen, self.come = bytearray(), threading.Condition()
        self.reading = threading.Event()
        self.reading.set()
        self.answers = b""
        self.threads = [threading.Thread(target=self.collect, args=(fd, path, fd == stdout), daemon=True)
                        for fd, path in zip((stdout, stderr), files)]
        for thread in self.threads:
            thread.start()

    def collect(self, fd, path, is_output):
        with open(path, "wb") as file:
            while True:
                if is_output:
                    self.reading.wait()
                data = os.read(fd, 65536)
                if not data:
                    break
                file.write(data)
                file.flush()
                if is_output:
                    with self.come:
                        self.seen = (self.seen + data)[-65536:]
                        self.come.notify_all()

    def run(self, script):
        for word in script:
            name, *arguments = word.split(":", 1) if word.startswith(("type:", "until:")) else word.split(":")
            getattr(self, "do_" + name.replace("-", "_"))(*arguments)
        self.do_eof()

    def finish(self):
        """Once the guest is gone and the descriptors of its side are closed."""
        self.reading.set()
        for thread in self.threads:
            thread.join(LIMIT)

    def send(self, name, session, *numbers):
        kind, form = TYPES[name]
        payload = struct.pack("<" + form, *(int(number) for number in numbers))
        os.write(self.control, struct.pack("<BBHI", kind, 0, int(session), len(payload)) + payload)

    def do_hello(self, session):
        self.send("hello", session)

    def do_signal(self, session, number):
        self.send("signal", session, number)

    def do_window(self, session, rows, columns):
        self.send("window", session, rows, columns)

    def do_power_off(self, session):
        self.send("power-off", session)

    def do_bytes(self, text):
        os.write(self.control, bytes.fromhex(text))

    def receive(self, size):
        end = time.monotonic() + LIMIT
        while len(self.answers) < size:
            if not select.select([self.control], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("no answer")
            data = os.read(self.control, 4096)
            if not data:
                raise EOFError("the control port was closed")
            self.answers += data
        data, self.answers = self.answers[:size], self.answers[size:]
        return data

    def do_answer(self):
        kind, _, session, length = struct.unpack("<BBHI", self.receive(8))
        payload = self.receive(length)
        if kind == 64:
            say(f"done {session} {struct.unpack('<I', payload)[0]}")
        elif kind == 65:
            phase, status = struct.unpack("<BI", payload)
            say(f"state {session} {PHASES[phase]} {status}")
        elif kind == 66:
            say(f"exited {session} {struct.unpack('<I', payload)[0]}")
        else:
            say(f"unknown {kind}")

    def do_type(self, text):
        os.write(self.stdin, text.encode().decode("unicode_escape").encode("latin-1"))

    def do_feed(self, path):
        with open(path, "rb") as file:
            while data := file.read(65536):
                while data:
                    data = data[os.write(self.stdin, data):]

    def do_eof(self):
        if self.stdin is not None:
            os.close(self.stdin)
        self.stdin = None

    def do_until(self, text):
        with self.come:
            if not self.come.wait_for(lambda: text.encode() in self.seen, LIMIT):
                raise TimeoutError(f"standard output does not hold {text}: {bytes(self.seen)}")

    def do_hold(self):
        self.reading.clear()

    def do_release(self):
        self.reading.set()

    def do_taken(self):
        end = time.monotonic() + LIMIT
        while select.select([self.guest_end], [], [], 0)[0]:
            if time.monotonic() > end:
                raise TimeoutError("the guest does not read the control port")
            time.sleep(0.01)

    def do_pause(self, seconds):
        time.sleep(float(seconds))

    def do_leave(self):
        os.close(self.control)
        self.control, self.answers = None, b""

    def do_connect(self):
        self.control, self.answers = self.connect(), b""
