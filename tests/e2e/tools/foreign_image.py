#!/usr/bin/python3
"""foreign_image.py LAYOUT < DESCRIPTION: an OCI layout, tag v1, as other builders of this field make it.

The description is JSON: layers (lists of {path, file or text, mode}), annotations (of the manifest), config (the
image's execution parameters: Cmd, Labels, ...). Paths stand in the layers as they are given, bima's with a slash in
front."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def make_layer(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for entry in files:
            data = entry["text"].encode() if "text" in entry else open(entry["file"], "rb").read()
            info = tarfile.TarInfo(entry["path"])
            info.name, info.size, info.mode = entry["path"], len(data), int(entry.get("mode", "0644"), 8)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Layout:
    def __init__(self, path):
        self.path = path
        os.makedirs(f"{path}/blobs/sha256")

    def blob(self, data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{self.path}/blobs/sha256/{digest}", "wb") as file:
            file.write(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def document(self, name, value):
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as file:
            json.dump(value, file)


def main():
    description = json.load(sys.stdin)
    layout = Layout(sys.argv[1])
    tars = [make_layer(files) for files in description["layers"]]
    layers = [layout.blob(gzip.compress(tar, mtime=0), LAYER) for tar in tars]
    config = {"architecture": "amd64", "os": "linux", "config": description.get("config", {}),
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]}}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": layout.blob(json.dumps(config).encode(), CONFIG), "layers": layers}
    if description.get("annotations"):
        manifest["annotations"] = description["annotations"]
    entry = layout.blob(json.dumps(manifest).encode(), MANIFEST)
    entry["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    layout.document("index.json", {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    layout.document("oci-layout", {"imageLayoutVersion": "1.0.0"})


main()
