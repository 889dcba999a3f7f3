#!/usr/bin/python3
"""check_ext2.py IMAGE TREE [SECONDS]: holds an ext2 image, read with debugfs, against the tree that it was made of.

Compares names, types, modes, contents, symlink targets, hard links and extended attributes; every owner must be 0:0 and
every time SECONDS (0).
"""
import os
import re
import stat
import subprocess
import sys
import tempfile

ROOT = 2


def debugfs(image, commands):
    """The output of each command. Files are named by inode, so no name of the tree is ever parsed by debugfs."""
    if not commands:
        return []
    with tempfile.NamedTemporaryFile("w") as script:
        script.write("\n".join(commands) + "\n")
        script.flush()
        output = subprocess.run(["debugfs", "-f", script.name, image], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=True).stdout
    # debugfs echoes each command as "debugfs: COMMAND".
    outputs, position = [], 0
    for command in commands:
        echo = b"debugfs: " + command.encode() + b"\n"
        position = output.index(echo, position) + len(echo)
        outputs.append(position)
    ends = [begin - len(b"debugfs: " + command.encode() + b"\n")
            for begin, command in zip(outputs[1:], commands[1:])] + [len(output)]
    return [output[begin:end] for begin, end in zip(outputs, ends)]


def read_image(image):
    """path -> (inode, mode, size), walking down a level of directories at a time."""
    found, level = {b"": (ROOT, None, 0)}, [(b"", ROOT)]
    while level:
        listings = debugfs(image, [f"ls -p <{inode}>" for _, inode in level])
        below = []
        for (directory, _), listing in zip(level, listings):
            for line in listing.split(b"\n"):
                match = re.fullmatch(rb"/(\d+)/(\d+)/(\d+)/(\d+)/(.*)/(\d*)/", line)
                if not match or match[5] in (b".", b"..") or (directory == b"" and match[5] == b"lost+found"):
                    continue
                path = directory + b"/" + match[5] if directory else match[5]
                found[path] = (int(match[1]), int(match[2], 8), int(match[6] or 0))
                if stat.S_ISDIR(found[path][1]):
                    below.append((path, found[path][0]))
        level = below
    return found


def read_tree(root):
    found = {b"": os.stat(root)}

    def walk(descriptor, prefix):
        for name in os.listdir(descriptor):
            name = os.fsencode(name)
            path = prefix + b"/" + name if prefix else name
            found[path] = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if stat.S_ISDIR(found[path].st_mode):
                below = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=descriptor)
                walk(below, path)
                os.close(below)

    descriptor = os.open(root, os.O_RDONLY)
    walk(descriptor, b"")
    os.close(descriptor)
    return found


def open_beneath(root, path):
    """Paths may be longer than PATH_MAX: go down one component at a time."""
    descriptor = os.open(root, os.O_RDONLY)
    *directories, name = path.split(b"/")
    for directory in directories:
        below = os.open(directory, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    return descriptor, name


class Check:
    def __init__(self, image, root, seconds):
        self.image, self.root, self.seconds = image, root, seconds
        self.problems = []

    def expect(self, path, what, got, wanted):
        if got != wanted:
            self.problems.append(f"{os.fsdecode(path)!r}: {what} is {got!r}, not {wanted!r}")

    def run(self):
        have, want = read_image(self.image), read_tree(self.root)
        self.expect(b"", "what is missing", sorted(want.keys() - have.keys())[:5], [])
        self.expect(b"", "what is too much", sorted(have.keys() - want.keys())[:5], [])
        paths = sorted(have.keys() & want.keys())
        outputs = debugfs(self.image, [f"stat <{have[path][0]}>" for path in paths])
        for path, output in zip(paths, outputs):
            self.check_stat(path, output, have[path], want[path])
        self.check_links(paths, have, want)
        self.check_contents([path for path in paths if stat.S_ISREG(want[path].st_mode)], have)
        self.check_attributes([path for path in paths if not stat.S_ISLNK(want[path].st_mode)], have)
        return self.problems

    def check_stat(self, path, output, have, want):
        mode = int(re.search(rb"Mode: +(\d+)", output)[1], 8)
        self.expect(path, "mode", mode, stat.S_IMODE(want.st_mode))
        self.expect(path, "owner", re.search(rb"User: +(\d+) +Group: +(\d+)", output).groups(), (b"0", b"0"))
        for kind in (b"ctime", b"atime", b"mtime"):
            time = int(re.search(kind + rb": 0x([0-9a-f]+)", output)[1], 16)
            self.expect(path, kind, time, self.seconds)
        if have[1] is not None:
            self.expect(path, "type", stat.S_IFMT(have[1]), stat.S_IFMT(want.st_mode))
        if stat.S_ISREG(want.st_mode):
            self.expect(path, "size", have[2], want.st_size)
        if not stat.S_ISDIR(want.st_mode):
            self.expect(path, "link count", int(re.search(rb"Links: (\d+)", output)[1]), want.st_nlink)
        if stat.S_ISLNK(want.st_mode):
            directory, name = open_beneath(self.root, path)
            target = os.readlink(name, dir_fd=directory)
            os.close(directory)
            self.expect(path, "target", self.target(have[0], output), target)

    def target(self, inode, output):
        fast = re.search(rb'Fast link dest: "(.*)"', output)
        return fast[1] if fast else self.content(inode)

    def content(self, inode):
        return subprocess.run(["debugfs", "-R", f"cat <{inode}>", self.image], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True).stdout

    def check_links(self, paths, have, want):
        """Two names have one inode in the image exactly where they have one in the tree."""
        image, tree = {}, {}
        for path in paths:
            image.setdefault(have[path][0], []).append(path)
            tree.setdefault((want[path].st_dev, want[path].st_ino), []).append(path)
        image, tree = ({tuple(group) for group in groups.values() if len(group) > 1} for groups in (image, tree))
        self.expect(b"", "files with several names", sorted(image - tree), sorted(tree - image))

    def check_contents(self, paths, have):
        with tempfile.TemporaryDirectory() as directory:
            for begin in range(0, len(paths), 1000):
                part = paths[begin:begin + 1000]
                debugfs(self.image, [f"dump <{have[path][0]}> {directory}/{number}"
                                     for number, path in enumerate(part)])
                for number, path in enumerate(part):
                    self.check_content(path, f"{directory}/{number}")
                    os.unlink(f"{directory}/{number}")

    def check_content(self, path, dumped):
        directory, name = open_beneath(self.root, path)
        with open(os.open(name, os.O_RDONLY, dir_fd=directory), "rb") as wanted, open(dumped, "rb") as got:
            while True:
                left, right = got.read(1 << 20), wanted.read(1 << 20)
                if left != right:
                    self.problems.append(f"{os.fsdecode(path)!r}: the content differs")
                    break
                if not left:
                    break
        os.close(directory)

    def check_attributes(self, paths, have):
        wanted = {}
        for path in paths:
            directory, name = open_beneath(self.root, path)
            descriptor = os.open(name or b".", os.O_RDONLY | os.O_NONBLOCK, dir_fd=directory)
            wanted[path] = {key: os.getxattr(descriptor, key) for key in os.listxattr(descriptor)
                            if key.startswith("user.")}
            os.close(descriptor)
            os.close(directory)
        outputs = debugfs(self.image, [f"ea_list <{have[path][0]}>" for path in paths])
        for path, output in zip(paths, outputs):
            names = set(re.findall(rb"^  (user\.[^ ]*) \(\d+\)", output, re.M))
            self.expect(path, "attributes", names, {key.encode() for key in wanted[path]})
            for key, value in wanted[path].items():
                with tempfile.NamedTemporaryFile() as file:
                    debugfs(self.image, [f"ea_get -f {file.name} <{have[path][0]}> {key}"])
                    self.expect(path, key, file.read(), value)


def main():
    problems = Check(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0).run()
    for problem in problems[:20]:
        print(problem[:300], file=sys.stderr)
    sys.exit(bool(problems))


main()
