#!/usr/bin/env bash
# Builds dist/: the stripped program with a static Swift runtime, a list of what is in it and what it needs (SPDX 2.3), checksums.
# In a build folder of its own: a static runtime shares nothing with the other builds. Takes a quarter of an hour on two cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version="$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/Telemetry/BuildInfo.swift)"
commit="$(git rev-parse HEAD)"
name="touchline-$version-linux-$(uname -m)"
swift="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')"
# Times come from the commit, so that the same sources give the same files.
build="swift-$swift-$(uname -m)-$(git show -s --format=%cs HEAD)"
scratch=.build/dist
source=$scratch/source
rm -rf dist "$source"
mkdir -p dist "$source"

# What is committed, and the versions of packages that this checkout was tested with.
git archive HEAD | tar -x -C "$source"
[ ! -e Package.resolved ] || cp Package.resolved "$source"
sed -i -e "s/\[\"TOUCHLINE_COMMIT\"\] ?? \"unknown\"/[\"TOUCHLINE_COMMIT\"] ?? \"${commit:0:12}\"/" \
    -e "s/\[\"TOUCHLINE_BUILD\"\] ?? \"local\"/[\"TOUCHLINE_BUILD\"] ?? \"$build\"/" "$source/Sources/Telemetry/BuildInfo.swift"
swift build --package-path "$source" -c release --product touchline --static-swift-stdlib --scratch-path "$scratch"
strip -o "dist/$name" "$scratch/release/touchline"
"dist/$name" --version | grep -F "$version (commit ${commit:0:12}, build $build)"
if ldd "dist/$name" | grep -i swift; then
    echo "the Swift runtime is not static"
    exit 1
fi
swift package --package-path "$source" --scratch-path "$scratch" show-dependencies --format json >"$scratch/dependencies.json"
ldd "dist/$name" >"$scratch/libraries.txt"
python3 scripts/sbom.py --version "$version" --commit "$commit" --time "$(git show -s --format=%ct HEAD)" --swift "$swift" \
    --program "dist/$name" --dependencies "$scratch/dependencies.json" --libraries "$scratch/libraries.txt" >"dist/$name.spdx.json"
cp LICENSE README.md CHANGELOG.md dist/
(cd dist && sha256sum -- * >SHA256SUMS)
ls -l dist
