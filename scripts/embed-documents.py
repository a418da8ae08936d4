#!/usr/bin/env python3
"""Writes docs/openapi.json, docs/asyncapi.json and docs/schemas into a Swift file, because the program is one file.

Run it after a change to one of them; a test says so when it was forgotten.
"""
import pathlib

root = pathlib.Path(__file__).resolve().parent.parent
docs = root / "docs"
files = [docs / "openapi.json", docs / "asyncapi.json", *sorted((docs / "schemas").glob("*.json"))]
lines = [
    "// Written by scripts/embed-documents.py from docs; change it there.",
    "",
    "/// The descriptions of the subscriber protocol, by the path at which they are served.",
    "enum EmbeddedDocuments {",
    "    static let texts: [String: String] = [",
]
for file in files:
    lines.append(f'        "/{file.relative_to(docs)}": #"""')
    lines += [("            " + line).rstrip() for line in file.read_text().splitlines()]
    lines += ["", '            """#,']
lines += ["    ]", "}", ""]
target = root / "Sources/Broadcaster/Documents/EmbeddedDocuments.swift"
target.write_text("\n".join(lines))
