"""ends.py serve NAME KIND ADDRESS PORT READY: answers every connection (tcp) or datagram (udp) with NAME and the
caller's address, and writes the file READY once it can.
ends.py ask KIND ADDRESS PORT [SOURCE]: prints the answer; exits 1 and says why where there is none.
ends.py peer KIND ADDRESS PORT: the same, and who answered: by getpeername(2), or for each datagram.
ends.py once KIND ADDRESS PORT READY: prints the address of one caller, answers it and ends.
ends.py bulk ADDRESS PORT BYTES: sends so much to a `sink` server and prints what it counted.
ends.py sink ADDRESS PORT READY: counts the bytes of each connection and answers with the number."""
import socket
import sys
import threading


def make(kind, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def listen(kind, address, port, ready):
    server = make(kind, address)
    server.bind((address, port))
    if kind == "tcp":
        server.listen(64)
    with open(ready, "w", encoding="ascii"):
        pass
    return server


def serve(name, kind, address, port, ready):
    server = listen(kind, address, int(port), ready)
    while True:
        if kind == "udp":
            text, caller = server.recvfrom(65536)
            server.sendto(f"{name} {caller[0]} {len(text)}".encode(), caller)
            continue
        connection, caller = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(f"{name} {caller[0]}".encode())


def count(connection):
    with connection:
        total = 0
        while chunk := connection.recv(1 << 16):
            total += len(chunk)
        connection.sendall(str(total).encode())


def sink(address, port, ready):
    server = listen("tcp", address, int(port), ready)
    while True:
        threading.Thread(target=count, args=(server.accept()[0],), daemon=True).start()


def ask(kind, address, port, source=None, size="5"):
    client = make(kind, address)
    client.settimeout(60)
    if source:
        client.bind((source, 0))
    client.connect((address, int(port)))
    client.send(b"x" * int(size))
    print(client.recv(4096).decode())


def peer(kind, address, port):
    client = make(kind, address)
    client.settimeout(60)
    if kind == "udp":
        client.sendto(b"hello", (address, int(port)))
        text, caller = client.recvfrom(4096)
    else:
        client.connect((address, int(port)))
        client.send(b"hello")
        text, caller = client.recv(4096), client.getpeername()
    print(f"{text.decode()} from {caller[0]}")


def once(kind, address, port, ready):
    server = listen(kind, address, int(port), ready)
    server.settimeout(60)
    if kind == "udp":
        _, caller = server.recvfrom(4096)
        server.sendto(b"once", caller)
    else:
        connection, caller = server.accept()
        connection.sendall(b"once")
    print(caller[0])


def bulk(address, port, size):
    client = make("tcp", address)
    client.settimeout(120)
    client.connect((address, int(port)))
    client.sendall(b"x" * int(size))
    client.shutdown(socket.SHUT_WR)
    print(client.recv(4096).decode())


try:
    globals()[sys.argv[1]](*sys.argv[2:])
except OSError as error:
    print(f"no answer: {error}")
    sys.exit(1)
