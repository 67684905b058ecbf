#!/usr/bin/env python3
"""sbom.py BINARY: prints the bill of materials of a binary as CycloneDX JSON.

The binary itself holds the list of crates compiled for its target (`cargo auditable` wrote it, auditable2cdx reads it). Licences and checksums of the
crates are added from Cargo's files.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from datetime import datetime, timezone

# auditable2cdx names an older version that has no licence expressions; the fields it writes are the same in this one.
SPECIFICATION = "1.5"


def main(binary):
    audited = subprocess.run(["auditable2cdx", binary], stdout=subprocess.PIPE, check=True).stdout
    bill = json.loads(audited)
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--locked", "--offline"], stdout=subprocess.PIPE, check=True
    ).stdout
    licences = {(one["name"], one["version"]): one["license"] for one in json.loads(metadata)["packages"]}
    with open("Cargo.lock", "rb") as lock:
        checksums = {(one["name"], one["version"]): one.get("checksum") for one in tomllib.load(lock)["package"]}
    root = bill["metadata"]["component"]
    for component in [*bill["components"], root]:
        at = (component["name"], component["version"])
        component["purl"] = component["purl"].split("&download_url=")[0]
        if licences.get(at):
            # Cargo's older syntax has a slash for "OR".
            component["licenses"] = [{"expression": licences[at].replace("/", " OR ")}]
        if checksums.get(at):
            component["hashes"] = [{"alg": "SHA-256", "content": checksums[at]}]
    with open(binary, "rb") as content:
        root["hashes"] = [{"alg": "SHA-256", "content": hashlib.file_digest(content, "sha256").hexdigest()}]
    bill["specVersion"], bill["version"] = SPECIFICATION, 1
    made = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    bill["metadata"]["timestamp"] = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    json.dump(bill, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main(sys.argv[1])
