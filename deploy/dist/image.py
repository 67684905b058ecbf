#!/usr/bin/env python3
"""image.py FILE VERSION REVISION ARCHITECTURE=BINARY...: writes an OCI image of the binary and this machine's certificate authorities, nothing else.

Writes FILE.tar, an image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md) that skopeo, podman and crane read as
`oci-archive:FILE.tar`, and FILE.digest, the digest to pull it by. With several architectures that is the digest of their index. Needs only any
distribution's Python and gzip: no daemon, no root, and no tool that writes the current time.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from datetime import datetime, timezone

# The user id of distroless images, which no host gives to a user.
USER = 65532
# The bundle of Debian's package ca-certificates, at the path that rustls reads first.
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


class Layout:
    """The layout's files: blobs by their digest, and the files that name them."""

    def __init__(self):
        self.files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def blob(self, content, kind):
        if not isinstance(content, bytes):
            content = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
        digest = hashlib.sha256(content).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = content
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}


def tar(entries):
    """A tar of (name, mode, owner, content or None for a folder), always the same bytes for the same entries."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, mode, owner, content in entries:
            member = tarfile.TarInfo(name)
            member.mode, member.uid, member.gid, member.mtime = mode, owner, owner, EPOCH
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    return out.getvalue()


def layer(binary):
    """The whole file system. A new volume takes the owner of the folder it is mounted on."""
    users = f"root:x:0:0::/:/\ndaypass:x:{USER}:{USER}::/var/lib/daypass:/\n"
    groups = f"root:x:0:\ndaypass:x:{USER}:\n"
    with open(binary, "rb") as program, open(AUTHORITIES, "rb") as authorities:
        files = {
            "etc/daypass/": (0o755, 0, None),
            "etc/group": (0o644, 0, groups.encode()),
            "etc/passwd": (0o644, 0, users.encode()),
            AUTHORITIES[1:]: (0o644, 0, authorities.read()),
            "usr/local/bin/daypass": (0o755, 0, program.read()),
            "var/lib/daypass/": (0o700, USER, None),
        }
    folders = {"/".join(parts[:end]) + "/" for parts in (name.split("/") for name in files) for end in range(1, len(parts))}
    for folder in folders - files.keys():
        files[folder] = (0o755, 0, None)
    return tar([(name, *files[name]) for name in sorted(files)])


def image(layout, architecture, binary, labels):
    """One architecture's manifest."""
    content = layer(binary)
    packed = subprocess.run(["gzip", "-9", "-n"], input=content, stdout=subprocess.PIPE, check=True).stdout
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": labels["org.opencontainers.image.created"],
        "config": {
            "User": f"{USER}:{USER}",
            "Entrypoint": ["/usr/local/bin/daypass"],
            "Cmd": ["--help"],
            "Env": ["PATH=/usr/local/bin"],
            "WorkingDir": "/var/lib/daypass",
            "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(content).hexdigest()]},
        "history": [{"created": labels["org.opencontainers.image.created"], "created_by": "deploy/dist/image.py"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.blob(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [layout.blob(packed, "application/vnd.oci.image.layer.v1.tar+gzip")],
        "annotations": labels,
    }
    described = layout.blob(manifest, MANIFEST)
    described["platform"] = {"architecture": architecture, "os": "linux"}
    return described


def main(file, version, revision, *images):
    labels = {
        "org.opencontainers.image.created": datetime.fromtimestamp(EPOCH, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "org.opencontainers.image.description": "OIDC credential broker and secrets service",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.title": "daypass",
        "org.opencontainers.image.version": version,
    }
    layout = Layout()
    manifests = [image(layout, *one.split("=", 1), labels) for one in images]
    whole = manifests[0]
    if len(manifests) > 1:
        whole = layout.blob({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, "annotations": labels}, INDEX)
    named = dict(whole, annotations={"org.opencontainers.image.ref.name": version})
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}
    layout.files["index.json"] = json.dumps(index, separators=(",", ":"), sort_keys=True).encode()
    with open(f"{file}.tar", "wb") as out:
        out.write(tar([(name, 0o644, 0, content) for name, content in sorted(layout.files.items())]))
    with open(f"{file}.digest", "w", encoding="ascii") as out:
        out.write(whole["digest"] + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
