#!/usr/bin/python3
"""hostile_image.py KIND LAYOUT OUTSIDE: an OCI layout whose layers try to reach the directory OUTSIDE, or that lies."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

PREFIX = "com.urunc.unikernel."
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


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


def directory(name):
    return member(name, tarfile.DIRTYPE, mode=0o777)


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

    def add_json(self, document, media_type):
        return self.add(json.dumps(document).encode(), media_type)

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
    if kind == "digest-path":
        layers[0]["digest"] = "sha256:" + "../" * 20 + outside.lstrip("/") + "/canary"
    if kind == "blob-symlink":
        path = layout.blob_path(layers[0]["digest"])
        # The very same bytes, so that only the symlink is wrong.
        elsewhere = layout.path + ".blob"
        os.rename(path, elsewhere)
        os.symlink(elsewhere, path)


def main():
    kind, path, outside = sys.argv[1:4]
    layout = Layout(path)
    layers, diff_ids = make_layers(layout, kind, outside)
    change_layers(layout, kind, outside, layers, diff_ids)
    config = layout.add_json({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["hostile"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }, "application/vnd.oci.image.config.v1+json")
    manifest = layout.add_json({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": layers,
        "annotations": {PREFIX + "binary": "/boot/kernel", PREFIX + "hypervisor": "qemu",
                        PREFIX + "unikernelType": "generic"},
    }, "application/vnd.oci.image.manifest.v1+json")
    if kind == "wrong-config":
        layout.spoil(config, config["size"] // 2)
    if kind == "wrong-manifest":
        layout.spoil(manifest, manifest["size"] // 2)
    if kind == "index-loop":
        manifest = layout.add_json({"schemaVersion": 2, "manifests": []}, "application/vnd.oci.image.index.v1+json")
        # No document can hold its own digest; a long chain of indexes is the nearest to a loop that there is.
        for _ in range(2000):
            manifest = layout.add_json({"schemaVersion": 2, "manifests": [manifest]},
                                       "application/vnd.oci.image.index.v1+json")
    layout.finish(manifest)


main()
