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
    resize:ROWS:COLUMNS   a frame on the port of the terminal's sizes
    sizes:HEX       bytes on that port
    pause:SECONDS
    connect, leave  another client on the control port; one is there at the start

    exec:SESSION:N  have the agent take the port of a further program
    item:N:TEXT     add an item to its request (enum channel_item); with escapes as above
    start:N         send the request and have it started
    input:N:TEXT, input-feed:N:FILE, input-end:N, exec-signal:N:NUMBER, exec-window:N:ROWS:COLUMNS, exec-bytes:N:HEX
    exec-flood:N:COUNT   send that many frames of 4096 bytes of input, asked or not
    heard:N:TEXT    wait until its output holds the text
    output:N:FILE   wait for its end, and write its output to the file
    ended:N         likewise, and print everything that was heard
    exec-leave:N    close its port

Standard input is closed where the script ends. What cannot be done within LIMIT seconds ends the test.
"""
import os
import select
import struct
import threading
import time

LIMIT = 120  # of a loaded machine: no test waits for it to pass
TYPES = {"hello": (1, ""), "signal": (2, "I"), "window": (3, "HH"), "power-off": (4, ""), "exec": (5, "I")}
REQUEST, START, INPUT, SIGNAL, WINDOW = 16, 17, 18, 2, 3
EXITED, STARTED, OUTPUT, ERROR, TAKEN = 66, 67, 68, 69, 70
INPUT_WINDOW = 65536
PHASES = {0: "starting", 1: "running", 2: "ended"}


def say(line):
    """One line of the log, in one write(2): two processes write it, and print() may take two."""
    os.write(1, (line + "\n").encode())


def unescape(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


class Exec:
    """The port of one further program."""

    def __init__(self, port):
        self.port, self.request, self.bytes = port, b"", b""
        self.output, self.error, self.story, self.may_send, self.ended = bytearray(), bytearray(), [], INPUT_WINDOW, False

    def send(self, kind, payload=b""):
        data = struct.pack("<BBHI", kind, 0, 0, len(payload)) + payload
        while data:
            readable, writable, _ = select.select([self.port], [self.port], [], LIMIT)
            if not readable and not writable:
                raise TimeoutError("the guest takes nothing on the port")
            if readable:
                self.receive()
            if writable:
                data = data[os.write(self.port, data[:512]):]

    def receive(self):
        self.bytes += os.read(self.port, 65536)
        while len(self.bytes) >= 8:
            kind, _, _, length = struct.unpack("<BBHI", self.bytes[:8])
            if len(self.bytes) < 8 + length:
                break
            self.take(kind, self.bytes[8:8 + length])
            self.bytes = self.bytes[8 + length:]

    def take(self, kind, payload):
        if kind == STARTED:
            number, step = struct.unpack("<IB", payload)
            self.story.append("started" if number == 0 else f"failed {number} at {step}")
            self.ended = number != 0
        elif kind == EXITED:
            self.story.append(f"exited {struct.unpack('<I', payload)[0]}")
            self.ended = True
        elif kind == TAKEN:
            self.may_send += struct.unpack("<I", payload)[0]
        else:
            (self.output if kind == OUTPUT else self.error).extend(payload)

    def wait(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            if not select.select([self.port], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"{what}: {self.story} {bytes(self.output)[-1000:]} {bytes(self.error)[-1000:]}")
            self.receive()

    def input(self, data):
        while data:
            self.wait(lambda: self.may_send > 0, "no input is taken")
            size = min(len(data), self.may_send, 4096)
            self.may_send -= size
            self.send(INPUT, data[:size])
            data = data[size:]


class Host:
    """`connect` returns the control port's descriptor; the others are pipes of the host. `guest_end` is what the guest
    reads of the control port, where this process can have it."""

    def __init__(self, stdin, stdout, stderr, connect, files, guest_end=None, execs=()):
        self.execs = {number: Exec(port) for number, port in enumerate(execs, 1)}
        self.guest_end = guest_end
        self.stdin, self.connect, self.control = stdin, connect, connect()
        self.sizes = None  # the port of the terminal's sizes, where there is one
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
            name = word.split(":")[0]
            arguments = word.split(":", {"type": 1, "until": 1, "item": 2, "input": 2, "heard": 2}.get(name, -1))[1:]
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

    def do_resize(self, rows, columns):
        os.write(self.sizes, struct.pack("<BBHIHH", WINDOW, 0, 0, 4, int(rows), int(columns)))

    def do_sizes(self, text):
        os.write(self.sizes, bytes.fromhex(text))

    def do_exec(self, session, number):
        self.send("exec", session, number)

    def do_item(self, number, text):
        self.execs[int(number)].request += unescape(text) + b"\0"

    def do_start(self, number):
        exec_ = self.execs[int(number)]
        for at in range(0, len(exec_.request), 4096):
            exec_.send(REQUEST, exec_.request[at:at + 4096])
        exec_.send(START)

    def do_input(self, number, text):
        self.execs[int(number)].input(unescape(text))

    def do_input_feed(self, number, path):
        with open(path, "rb") as file:
            while data := file.read(65536):
                self.execs[int(number)].input(data)

    def do_input_end(self, number):
        self.execs[int(number)].send(INPUT)

    def do_exec_signal(self, number, signal):
        self.execs[int(number)].send(SIGNAL, struct.pack("<I", int(signal)))

    def do_exec_window(self, number, rows, columns):
        self.execs[int(number)].send(WINDOW, struct.pack("<HH", int(rows), int(columns)))

    def do_exec_bytes(self, number, text):
        os.write(self.execs[int(number)].port, bytes.fromhex(text))

    def do_exec_flood(self, number, count):
        def flood(port):
            for _ in range(int(count)):
                os.write(port, struct.pack("<BBHI", INPUT, 0, 0, 4096) + bytes(4096))

        # A guest that has left takes no more, and then this waits for ever.
        threading.Thread(target=flood, args=(self.execs[int(number)].port,), daemon=True).start()

    def do_heard(self, number, text):
        exec_ = self.execs[int(number)]
        exec_.wait(lambda: unescape(text) in exec_.output, "the output does not hold " + text)

    def do_output(self, number, path):
        exec_ = self.execs[int(number)]
        exec_.wait(lambda: exec_.ended, "no end")
        with open(path, "wb") as file:
            file.write(exec_.output)

    def do_ended(self, number):
        exec_ = self.execs[int(number)]
        exec_.wait(lambda: exec_.ended, "no end")
        heard = [f"{name} {bytes(data).decode()!r}" for name, data in
                 (("output", exec_.output), ("error", exec_.error)) if data]
        print(f"exec {number}:", " ".join(exec_.story[:1] + heard + exec_.story[1:]), flush=True)

    def do_exec_leave(self, number):
        os.close(self.execs.pop(int(number)).port)

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
        os.write(self.stdin, unescape(text))

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
