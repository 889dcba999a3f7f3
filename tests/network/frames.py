"""frames.py send INTERFACE DESTINATION_MAC NAME...: sends the frames of these names, each with its name as the payload of a
datagram to port 81, as its maker below says. Every frame of frames.py is one that an enemy could send.
frames.py flood INTERFACE DESTINATION_MAC COUNT NAME...: so many, as fast as they go.
frames.py collect PORT READY: prints each datagram that comes to the port, until one says "end", with its caller."""
import ipaddress
import socket
import struct
import sys

OWN = "02:00:00:00:00:99"
POD, PEER, LOCAL, POD6 = "10.77.0.2", "10.77.0.1", "169.254.77.2", "fd00:77::2"
LOCAL6, PEER6 = "fd9e:6b04:a9fe:4d::2", "fd00:77::1"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packed(address):
    return ipaddress.ip_address(address).packed


def udp(source, destination, payload):
    head = struct.pack("!HHH", 4000, 81, 8 + len(payload))
    pseudo = packed(source) + packed(destination) + struct.pack("!II", 8 + len(payload), 17)
    return head + struct.pack("!H", checksum(pseudo + head + b"\0\0" + payload)) + payload


def ipv4(source, destination, payload, options=b"", words=None, fragment=0, protocol=17):
    words = 5 + len(options) // 4 if words is None else words
    data = udp(source, destination, payload)
    size = 20 + len(options) + len(data)
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, size, 7, fragment, 64, protocol, 0) + packed(source) + packed(destination) + options
    return 0x0800, head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def ipv6(source, destination, payload, extension=b"", following=17):
    data = extension + udp(source, destination, payload)
    return 0x86dd, struct.pack("!IHBB", 6 << 28, len(data), following, 64) + packed(source) + packed(destination) + data


def tagged(frame, tags=1):
    kind, data = frame
    for _ in range(tags):
        kind, data = 0x8100, struct.pack("!HH", 0, kind) + data
    return kind, data


def arp(mac):
    """Says that the pod's neighbour is at that MAC."""
    return 0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + mac + packed(PEER) + mac + packed(POD)


def advertisement(mac):
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + packed(PEER6) + b"\2\1" + mac
    pseudo = packed(PEER6) + packed(POD6) + struct.pack("!II", len(body), 58)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    return 0x86dd, struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + packed(PEER6) + packed(POD6) + body


SOURCE_ROUTE = bytes([131, 7, 4, 127, 0, 0, 1, 0])
EXTENSION = bytes([17, 0, 1, 4, 0, 0, 0, 0])  # destination options, then UDP
FRAGMENT = bytes([17, 0, 0, 1, 0, 0, 0, 7])
MAKERS = {
    # From the guest, to the address that stands for localhost.
    "plain": lambda p: ipv4(POD, LOCAL, p),
    "spoofed": lambda p: ipv4("8.8.8.8", LOCAL, p),
    "options": lambda p: ipv4(POD, LOCAL, p, bytes([1, 1, 1, 0])),
    "source-route": lambda p: ipv4(POD, LOCAL, p, SOURCE_ROUTE),
    "short-header": lambda p: ipv4(POD, LOCAL, p, words=4),
    "long-header": lambda p: ipv4(POD, LOCAL, p, words=15),
    "first-fragment": lambda p: ipv4(POD, LOCAL, p, fragment=0x2000),
    "last-fragment": lambda p: ipv4(POD, LOCAL, p, fragment=1),
    "other-protocol": lambda p: ipv4(POD, LOCAL, p, protocol=136),
    "cut-header": lambda p: (0x0800, ipv4(POD, LOCAL, p)[1][:12]),
    "cut-ports": lambda p: (0x0800, ipv4(POD, LOCAL, p)[1][:22]),
    "tag": lambda p: tagged(ipv4(POD, LOCAL, p)),
    "two-tags": lambda p: tagged(ipv4(POD, LOCAL, p), 2),
    "plain6": lambda p: ipv6(POD6, LOCAL6, p),
    "extension6": lambda p: ipv6(POD6, LOCAL6, p, EXTENSION, 60),
    "fragment6": lambda p: ipv6(POD6, LOCAL6, p, FRAGMENT, 44),
    "cut6": lambda p: (0x86dd, ipv6(POD6, LOCAL6, p)[1][:44]),
    # From the guest, to what it has no business with.
    "localhost": lambda p: ipv4("127.0.0.1", "127.0.0.1", p),
    "pod": lambda p: ipv4(POD, POD, p),
    "localhost6": lambda p: ipv6("::1", "::1", p),
    "pod6": lambda p: ipv6(POD6, POD6, p),
    # From outside.
    "outside": lambda p: ipv4(PEER, POD, p),
    "outside-options": lambda p: ipv4(PEER, POD, p, bytes([1, 1, 1, 0])),
    "outside-short-header": lambda p: ipv4(PEER, POD, p, words=4),
    "outside-cut": lambda p: (0x0800, ipv4(PEER, POD, p)[1][:21]),
    "outside-tag": lambda p: tagged(ipv4(PEER, POD, p)),
    "outside-extension6": lambda p: ipv6(PEER6, POD6, p, EXTENSION, 60),
    "as-localhost": lambda p: ipv4("127.0.0.1", POD, p),
    "as-pod": lambda p: ipv4(POD, POD, p),
    "as-sidecar": lambda p: ipv4(LOCAL, POD, p),
    "as-sidecar-tag": lambda p: tagged(ipv4(LOCAL, POD, p)),
    "as-sidecar-tags": lambda p: tagged(ipv4(LOCAL, POD, p), 2),
    "as-sidecar-fragment": lambda p: ipv4(LOCAL, POD, p, fragment=0x2000),
    "as-sidecar6": lambda p: ipv6(LOCAL6, POD6, p),
    "outside6": lambda p: ipv6(PEER6, POD6, p),
    "arp": lambda _: arp(bytes.fromhex(OWN.replace(":", ""))),
    "advertisement": lambda _: advertisement(bytes.fromhex(OWN.replace(":", ""))),
}


def send(interface, mac, *names):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((interface, 0))
    for name in names:
        kind, data = MAKERS[name](name.encode())
        raw.send(bytes.fromhex((mac + OWN).replace(":", "")) + struct.pack("!H", kind) + data)


def flood(interface, mac, count, *names):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((interface, 0))
    frames = []
    for name in names:
        kind, data = MAKERS[name](name.encode())
        frames.append(bytes.fromhex((mac + OWN).replace(":", "")) + struct.pack("!H", kind) + data)
    for number in range(int(count)):
        try:
            raw.send(frames[number % len(frames)], socket.MSG_DONTWAIT)
        except OSError:  # the card is full
            pass


def collect(port, ready):
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.settimeout(60)
    server.bind(("::", int(port)))
    with open(ready, "w", encoding="ascii"):
        pass
    text = b""
    while text != b"end":
        text, caller = server.recvfrom(65536)
        print(text.decode(), caller[0].removeprefix("::ffff:"), flush=True)


globals()[sys.argv[1]](*sys.argv[2:])
