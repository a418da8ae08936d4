#!/usr/bin/env bash
# Builds dist/: the stripped program with a static Swift runtime, a list of what is in it and what it needs (SPDX 2.3), checksums.
# In a build folder of its own: a static runtime shares nothing with the other builds. Takes ten minutes on two cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version="$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/Telemetry/BuildInfo.swift)"
commit="$(git rev-parse HEAD)"
name="touchline-$version-linux-$(uname -m)"
source=.build-dist/source
rm -rf dist "$source"
mkdir -p dist "$source"

# What is committed, and the versions of packages that this checkout was tested with.
git archive HEAD | tar -x -C "$source"
[ ! -e Package.resolved ] || cp Package.resolved "$source"
sed -i "s/\[\"TOUCHLINE_COMMIT\"\] ?? \"unknown\"/[\"TOUCHLINE_COMMIT\"] ?? \"${commit:0:12}\"/" \
    "$source/Sources/Telemetry/BuildInfo.swift"
swift build --package-path "$source" -c release --product touchline --static-swift-stdlib --scratch-path .build-dist
strip -o "dist/$name" .build-dist/release/touchline
"dist/$name" --version | grep -F "commit ${commit:0:12}"
if ldd "dist/$name" | grep -i swift; then
    echo "the Swift runtime is not static"
    exit 1
fi
swift package --package-path "$source" --scratch-path .build-dist show-dependencies --format json >dist/dependencies.json
ldd "dist/$name" >dist/libraries.txt
# Times come from the commit, so that the same sources give the same list.
python3 scripts/sbom.py --version "$version" --commit "$commit" --time "$(git show -s --format=%ct HEAD)" \
    --swift "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')" --program "dist/$name" --dependencies dist/dependencies.json --libraries dist/libraries.txt >"dist/$name.spdx.json"
rm dist/dependencies.json dist/libraries.txt
cp LICENSE README.md CHANGELOG.md dist/
(cd dist && sha256sum -- * >SHA256SUMS)
ls -l dist
