"""Writes an SPDX 2.3 document about a built program: the Swift packages that are in it, the system libraries that it loads."""

import argparse
import datetime
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path


def packages_of(tree, found):
    for one in tree["dependencies"]:
        if one["identity"] not in found:
            found[one["identity"]] = one
            packages_of(one, found)
    return found


def swift_package(one):
    url = one["url"].removesuffix(".git")
    place = re.sub(r"^https?://", "", url)
    return {
        "SPDXID": f"SPDXRef-Swift-{one['identity']}",
        "name": one["name"],
        "versionInfo": one["version"],
        "downloadLocation": f"git+{one['url']}" if one["url"].startswith("http") else "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:swift/{place}@{one['version']}"}],
    }


def system_packages(libraries):
    """Debian's packages of the libraries that the loader found, each once."""
    found = {}
    for path in re.findall(r"(?:=> )?(/\S+) \(0x", libraries):
        for candidate in (path, str(Path(path).resolve()), path.removeprefix("/usr"), "/usr" + path):
            done = subprocess.run(["dpkg-query", "--search", candidate], capture_output=True, text=True)
            if done.returncode == 0:
                name = done.stdout.split(":")[0]
                found.setdefault(name, []).append(Path(path).name)
                break
        else:
            found.setdefault(Path(path).name, []).append(Path(path).name)
    return found


def system_package(name, files):
    done = subprocess.run(["dpkg-query", "--show", "--showformat=${Version} ${Architecture}", name],
                          capture_output=True, text=True)
    version, _, architecture = done.stdout.partition(" ")
    package = {
        "SPDXID": f"SPDXRef-System-{re.sub(r'[^A-Za-z0-9.-]', '-', name)}",
        "name": name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "comment": "loads " + ", ".join(sorted(files)),
    }
    if version:
        package["versionInfo"] = version
        package["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                    "referenceLocator": f"pkg:deb/debian/{name}@{version}?arch={architecture}"}]
    return package


def main():
    parser = argparse.ArgumentParser()
    for option in ("version", "commit", "time", "swift", "program", "dependencies", "libraries"):
        parser.add_argument(f"--{option}", required=True)
    arguments = parser.parse_args()
    program = Path(arguments.program).read_bytes()
    swift = packages_of(json.loads(Path(arguments.dependencies).read_text()), {})
    system = system_packages(Path(arguments.libraries).read_text())
    created = datetime.datetime.fromtimestamp(int(arguments.time), datetime.timezone.utc)
    root = {
        "SPDXID": "SPDXRef-touchline",
        "name": "touchline",
        "versionInfo": arguments.version,
        "sourceInfo": f"commit {arguments.commit}",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(program).hexdigest()}],
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
    }
    runtime = {"identity": "swift-runtime", "name": "swift", "version": arguments.swift, "url": "https://github.com/swiftlang/swift"}
    inside = [swift_package(one) for one in [runtime] + [swift[name] for name in sorted(swift)]]
    beside = [system_package(name, system[name]) for name in sorted(system)]
    relationships = [("SPDXRef-DOCUMENT", "DESCRIBES", root["SPDXID"])]
    relationships += [(root["SPDXID"], "DEPENDS_ON", one["SPDXID"]) for one in inside]
    relationships += [(root["SPDXID"], "DYNAMIC_LINK", one["SPDXID"]) for one in beside]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"touchline-{arguments.version}",
        "documentNamespace": f"https://touchline.invalid/spdx/{arguments.version}/{arguments.commit}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: touchline-sbom"]},
        "packages": [root] + inside + beside,
        "relationships": [
            {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b} for a, kind, b in relationships
        ],
    }
    json.dump(document, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
