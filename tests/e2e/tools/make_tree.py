#!/usr/bin/python3
"""make_tree.py DIR [FILES]: a tree with everything in it that a filesystem writer can get wrong.

Deterministic. FILES small files (10,000), paths as deep as they get, names of 255 bytes and of any bytes, hard links,
symlinks of every length class, extended attributes, special modes, files at the edges of blocks and of block maps.
"""
import os
import random
import sys


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def many_files(root, count):
    source = random.Random(1)
    for number in range(count):
        directory = root + b"/many/%02d" % (number % 37)
        if number < 37:
            os.makedirs(directory)
        write(directory + b"/file-%05d" % number, source.randbytes(source.choice((0, 1, 100, 700, 3000, 9000))))


def deep_path(root):
    """Components until the path is nearly 4096 bytes long; made with directory descriptors, as PATH_MAX asks."""
    directory = os.open(root, os.O_RDONLY)
    length = 0
    for depth in range(80):
        name = b"deep-%02d-" % depth + b"x" * 40
        os.mkdir(name, dir_fd=directory)
        below = os.open(name, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
        length += len(name) + 1
    with open(os.open(b"bottom", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=directory), "wb") as file:
        file.write(b"%d bytes deep\n" % length)
    os.close(directory)


def names(root):
    os.mkdir(root + b"/names")
    for name in (b"n" * 255, b"with blank", b"-dash", b"quote'\"", b"back\\slash", b"$HOME", b"*", b"#hash",
                 b"tab\t", b"combining-e\xcc\x81", b"\xc3\xa9" * 127, b".hidden", b"...",
                 "Grüße-日本語-🦀".encode(), b"latin1-\xe4\xff"):
        write(root + b"/names/" + name, b"named " + name)


def sizes(root):
    os.mkdir(root + b"/sizes")
    source = random.Random(2)
    # Around 12 direct blocks, one indirect block of 1 KiB and of 4 KiB blocks, and into the double indirect ones.
    for size in (1, 1023, 1024, 1025, 4095, 4096, 4097, 12288, 12289, 49152, 49153, 274432, 274433, 4243456, 4243457,
                 4300000):
        write(root + b"/sizes/%d" % size, source.randbytes(size))


def links(root):
    os.mkdir(root + b"/links")
    write(root + b"/links/first", b"one file, three names\n")
    os.link(root + b"/links/first", root + b"/links/second")
    os.link(root + b"/links/first", root + b"/names/third")
    for length in (1, 59, 60, 61, 200, 1023, 4000):
        os.symlink((b"to/" * 1400)[:length], root + b"/links/symlink-%04d" % length)
    os.symlink(b"/absolute/and/dangling", root + b"/links/absolute")


def modes(root):
    os.mkdir(root + b"/modes")
    for mode in (0o4755, 0o2755, 0o1644, 0o600, 0o000, 0o777, 0o444):
        write(root + b"/modes/%04o" % mode, b"mode\n")
        os.chmod(root + b"/modes/%04o" % mode, mode)
    os.mkdir(root + b"/modes/sticky")
    os.chmod(root + b"/modes/sticky", 0o1777)
    os.mkdir(root + b"/empty-directory")


def attributes(root):
    os.mkdir(root + b"/attributes")
    for name, values in ((b"one", {"user.comment": b"a value"}),
                         (b"two", {"user.a": b"", "user.b": b"\0\1\2binary\xff"}),
                         (b"long", {"user.long": b"v" * 900})):
        write(root + b"/attributes/" + name, b"attributes\n")
        for key, value in values.items():
            os.setxattr(root + b"/attributes/" + name, key, value)
    os.setxattr(root + b"/attributes", "user.on-directory", b"yes")


def main():
    root = os.fsencode(sys.argv[1])
    os.umask(0o022)
    os.mkdir(root)
    many_files(root, int(sys.argv[2]) if len(sys.argv) > 2 else 10000)
    deep_path(root)
    for make in (names, sizes, links, modes, attributes):
        make(root)


main()
