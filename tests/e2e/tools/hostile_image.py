#!/usr/bin/python3
"""hostile_image.py KIND LAYOUT OUTSIDE: an OCI layout whose layers try to reach the directory OUTSIDE, that lies, or
that is too much of something."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

PREFIX = "com.urunc.unikernel."
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"

# Sizes that a layer's descriptor may claim, by kind of image.
SIZES = {"size-2-63": 2**63, "size-negative": -1, "size-real": 1.5, "size-text": "5", "size-2-62": 2**62, "size-0": 0}
# Execution parameters of wrong types.
EXECUTION = {"user-number": {"User": 0}, "user-list": {"User": ["1000"]}, "working-dir-number": {"WorkingDir": 1},
             "env-object": {"Env": {"A": "1"}}, "labels-list": {"Labels": ["a"]}, "args-text": {"Entrypoint": "/init"}}


def member(name, kind=tarfile.REGTYPE, data=b"", target="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, len(data), target, mode
    return info, data


def file(name, data=b"hostile\n"):
    return member(name, data=data)


def symlink(name, target):
    return member(name, tarfile.SYMTYPE, target=target, mode=0o777)


def hardlink(name, target):
    return member(name, tarfile.LNKTYPE, target=target)


def directory(name, mode=0o777):
    return member(name, tarfile.DIRTYPE, mode=mode)


def device(name, kind, major, minor):
    info, data = member(name, kind)
    info.devmajor, info.devminor = major, minor
    return info, data


def owned_by(name, uid):
    info, data = file(name)
    info.uid = uid
    return info, data


def with_records(name, records):
    info, data = file(name)
    info.pax_headers = records
    return info, data


def with_record(name, key, value):
    return with_records(name, {key: value})


def attack(kind, outside):
    """The members of the layers above the good one, a list for each layer."""
    up = "../" * 20 + outside.lstrip("/")
    return {
        "dots": [[file("../escape"), file("../../escape"), file("a/../../../escape"), file(up + "/canary")]],
        "absolute": [[file("/urunc-hostile-escape"), file(outside + "/canary")]],
        "symlink-file": [[symlink("link", outside + "/canary"), file("link")]],
        "symlink-directory": [[symlink("link", outside), file("link/canary"), file("link/new")]],
        "symlink-layers": [[symlink("link", outside)], [file("link/canary"), directory("link/new")]],
        "symlink-chain": [[symlink("a", "b"), symlink("b", up), file("a/canary"), file("a/new")]],
        "hardlink": [[hardlink("link", outside + "/canary"), hardlink("link2", up + "/canary"), file("link"),
                      file("link2")]],
        "hardlink-symlink": [[symlink("way", outside), hardlink("link", "way/canary"), file("link")]],
        "whiteout-dots": [[file(".wh.."), file(".wh..."), file("a/.wh..", b""), file(up + "/.wh.canary", b"")]],
        "whiteout-symlink": [[symlink("link", outside)], [file("link/.wh.canary", b"")]],
        "opaque-symlink": [[symlink("link", outside)], [file("link/.wh..wh..opq", b"")]],
        "directory-over-symlink": [[symlink("link", outside)], [directory("link"), file("link/canary")]],
        "root-symlink": [[symlink(".", outside), symlink("./", outside), file("canary"), file("new")]],
        "swapped-parent": [[directory("d"), file("d/x"), symlink("d", outside), file("d/canary"), file("d/new")]],
        "swapped-parent-layers": [[directory("d/e"), file("d/e/x")],
                                  [file("d/e/y"), symlink("d", outside), file("d/e/canary"), file("d/canary")]],
        "whiteout-then-symlink": [[directory("d"), file("d/x")],
                                  [file("d/y"), file(".wh.d", b""), symlink("d", outside), file("d/canary")]],
        "swapped-by-hardlink": [[directory("real"), symlink("way", "real"), symlink("out", outside), file("way/x"),
                                 hardlink("way", "out"), file("way/canary"), file("way/new")]],
        "devices": [[device("disk", tarfile.BLKTYPE, 8, 0), device("mem", tarfile.CHRTYPE, 1, 1),
                     member("fifo", tarfile.FIFOTYPE), hardlink("link", "fifo"), file("last")]],
        "closed-directories": [[directory("closed", 0), file("closed/x"), directory("closed/inner", 0),
                                file("closed/inner/y"), file("closed/.wh..wh..opq", b"")],
                               [directory("closed", 0o100), file("closed/z")]],
        # What is not a tar of files: each is refused by a line that names the entry.
        "below-a-file": [[file("boot/kernel/x")]],
        "symlink-loop": [[symlink("a", "b"), symlink("b", "a"), file("a/x")]],
        "broken-symlink": [[symlink("a", "nowhere"), file("a/x")]],
        "hardlink-directory": [[hardlink("link", "a")]],
        "hardlink-missing": [[hardlink("link", "nowhere")]],
        "root-hardlink": [[hardlink("./", "boot/kernel")]],
        "long-name": [[file("n" * 256)]],
        "long-path": [[file("d/" * 2047 + "f"), file("d/" * 20000 + "f")]],
        "owner-range": [[owned_by("x", 0xffffffff)]],
        # More of something than anybody needs, in a small blob.
        "huge-pax-header": [[with_record("x", "comment", "c" * (64 << 20))]],
        "huge-pax-path": [[with_record("x", "path", "p" * (64 << 20))]],
        "huge-link-target": [[symlink("x", "t" * (2 << 20))]],
        "long-link-target": [[symlink("x", "t" * 4096)]],
        "deep": [[file(f"x{i}" + "/d" * 2000 + "/f") for i in range(2)]],
        "deep-through-symlinks": [[entry for i in range(12) for entry in (
            file((f"l{i - 1}/" if i else "") + "d/" * 1000 + "f"),
            symlink(f"l{i}", (f"l{i - 1}/" if i else "") + "d/" * 1000))]],
        "tiny-entries": [[file("same", b"") for i in range(8000)] + [file(f"d/{i}", b"") for i in range(2000)]],
        "opaque-whiteouts": [[file(f"d/{i}", b"") for i in range(5000)] +
                             [file("d/.wh..wh..opq", b"") for i in range(5000)]],
        "many-xattrs": [[with_records("x", {f"SCHILY.xattr.user.{i}": "v" for i in range(5000)})]],
        "zeros": [[file("zeros", bytes(64 << 20))]],
    }.get(kind, [])


def tar(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Layout:
    def __init__(self, path):
        self.path = path
        os.makedirs(path + "/blobs/sha256")
        with open(path + "/oci-layout", "w", encoding="ascii") as marker:
            json.dump({"imageLayoutVersion": "1.0.0"}, marker)

    def blob_path(self, digest):
        return f"{self.path}/blobs/sha256/{digest.partition(':')[2]}"

    def add(self, data, media_type):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        with open(self.blob_path(digest), "wb") as blob:
            blob.write(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def add_json(self, document, media_type, change=lambda text: text):
        return self.add(change(json.dumps(document)).encode(), media_type)

    def spoil(self, descriptor, offset):
        """Changes a byte of a blob and leaves its size."""
        with open(self.blob_path(descriptor["digest"]), "r+b") as blob:
            blob.seek(offset)
            byte = blob.read(1)
            blob.seek(-1, os.SEEK_CUR)
            blob.write(bytes([byte[0] ^ 1]))

    def finish(self, manifest):
        entry = dict(manifest, annotations={"org.opencontainers.image.ref.name": "latest"})
        with open(self.path + "/index.json", "w", encoding="ascii") as index:
            json.dump({"schemaVersion": 2, "manifests": [entry]}, index)


def make_layers(layout, kind, outside):
    good = [directory("boot"), file("boot/kernel", b"kernel\n" * 1000), directory("a")]
    descriptors, diff_ids = [], []
    for members in [good] + attack(kind, outside):
        data = tar(members)
        diff_ids.append("sha256:" + hashlib.sha256(data).hexdigest())
        compressed = gzip.compress(data, mtime=0)
        if kind == "truncated":
            compressed = compressed[:len(compressed) // 2]
        if kind == "garbage":
            compressed = os.urandom(5000)
        if kind == "checksum":
            compressed = gzip.compress(data[:200] + b"?" + data[201:], mtime=0)
        descriptors.append(layout.add(compressed, LAYER))
    return descriptors, diff_ids


def change_layers(layout, kind, outside, layers, diff_ids):
    """Lies of the documents about the layers."""
    if kind == "wrong-digest":
        layout.spoil(layers[0], 4)  # the time in gzip's header: the content is as it was
    if kind == "spoiled":
        layout.spoil(layers[0], layers[0]["size"] // 2)
    if kind == "wrong-size":
        layers[0]["size"] += 1
    if kind == "wrong-diff-id":
        diff_ids[0] = "sha256:" + "0" * 64
    if kind == "missing-diff-id":
        diff_ids.clear()
    if kind == "lying-bomb":  # what its digest covers is harmless, its bytes are not
        bomb = tar([file("../escape"), *[file(f"bomb/{i}", bytes(1 << 20)) for i in range(64)]])
        with open(layout.blob_path(layers[0]["digest"]), "r+b") as blob:
            blob.write(gzip.compress(bomb, mtime=0)[:layers[0]["size"]].ljust(layers[0]["size"], b"\0"))
    if kind in SIZES:
        layers[0]["size"] = SIZES[kind]
    if kind == "many-layers":
        layers *= 600
        diff_ids *= 600
    if kind == "artifact-layer":
        layers[0]["mediaType"] = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
    if kind == "config-layer":
        layers[0]["mediaType"] = CONFIG
    if kind == "diff-id-type":
        diff_ids[0] = 5
    if kind == "blob-fifo":
        os.remove(layout.blob_path(layers[0]["digest"]))
        os.mkfifo(layout.blob_path(layers[0]["digest"]))
    if kind == "digest-path":
        layers[0]["digest"] = "sha256:" + "../" * 20 + outside.lstrip("/") + "/canary"
    if kind == "blob-symlink":
        path = layout.blob_path(layers[0]["digest"])
        # The very same bytes, so that only the symlink is wrong.
        elsewhere = layout.path + ".blob"
        os.rename(path, elsewhere)
        os.symlink(elsewhere, path)


def spoil_documents(layout, kind, config, manifest):
    """Lies about the documents; returns what index.json describes."""
    if kind == "wrong-config":
        layout.spoil(config, config["size"] // 2)
    if kind == "wrong-manifest":
        layout.spoil(manifest, manifest["size"] // 2)
    if kind == "manifest-size":
        manifest["size"] -= 1
    if kind == "manifest-called-index":
        manifest["mediaType"] = INDEX
    if kind == "schema-1":
        manifest["mediaType"] = "application/vnd.docker.distribution.manifest.v1+json"
    if kind == "index-called-manifest":
        return layout.add_json({"schemaVersion": 2, "manifests": [manifest]}, MANIFEST)
    if kind == "index-loop":
        manifest = layout.add_json({"schemaVersion": 2, "manifests": []}, INDEX)
        # No document can hold its own digest; a long chain of indexes is the nearest to a loop that there is.
        for _ in range(2000):
            manifest = layout.add_json({"schemaVersion": 2, "manifests": [manifest]}, INDEX)
    return manifest


def twice(key):
    """Writes a key of the outermost object twice; the first time as null."""
    return lambda text: "{" + json.dumps(key) + ":null," + text[1:]


def change_index(layout, kind):
    path = layout.path + "/index.json"
    with open(path, encoding="ascii") as index:
        text = index.read()
    if kind == "double-key-index":
        text = twice("manifests")(text)
    if kind == "index-number":
        text = text.replace('"schemaVersion": 2', '"schemaVersion": ' + "9" * 40)
    if kind == "index-nested":
        text = '{"manifests":' + "[" * 100000 + "]" * 100000 + "}"
    if kind == "index-large":
        text += " " * (8 << 20)
    with open(path, "w", encoding="ascii") as index:
        index.write(text)
    if kind == "index-fifo":
        os.remove(path)
        os.mkfifo(path)


def main():
    kind, path, outside = sys.argv[1:4]
    layout = Layout(path)
    layers, diff_ids = make_layers(layout, kind, outside)
    change_layers(layout, kind, outside, layers, diff_ids)
    unchanged = str
    config = layout.add_json({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["hostile"], **EXECUTION.get(kind, {})},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }, CONFIG if kind != "artifact-config" else "application/vnd.oci.empty.v1+json",
        twice("rootfs") if kind == "double-key-config" else unchanged)
    document = {
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        "annotations": {PREFIX + "binary": "/boot/kernel", PREFIX + "hypervisor": "qemu",
                        PREFIX + "unikernelType": "generic"},
    }
    if kind == "manifest-and-index":
        document["manifests"] = [dict(config, mediaType=MANIFEST)]
    if kind == "other-media-type":
        document["mediaType"] = INDEX
    manifest = layout.add_json(document, MANIFEST, twice("layers") if kind == "double-key-manifest" else unchanged)
    layout.finish(spoil_documents(layout, kind, config, manifest))
    change_index(layout, kind)


main()
