#!/usr/bin/env bash
# Breaks the pipeline with the program built as it is deployed, but under the address sanitizer: scripts/sanitize.sh [tests].
# What an optimizer makes of the code is seen only here: debug builds and their tests run other code. Reports of the
# sanitizer are printed, and end the script with 1, whatever the tests say.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tests="${1:-PipelineTests}"
folder="$PWD/.build-sanitized"
swift build -c release --sanitize=address --product touchline --scratch-path "$folder"
swift build --build-tests

reports="$folder/reports"
rm -rf "$reports" && mkdir -p "$reports"
export TOUCHLINE_PROGRAM="$folder/release/touchline" SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS="detect_leaks=0:log_path=$reports/report"
passed=0
swift test --skip-build --disable-xctest --no-parallel --filter "$tests" || passed=1

if [ -n "$(ls "$reports")" ]; then
  head --lines=40 "$reports"/report.*
  echo "the address sanitizer reported $(ls "$reports" | wc -l) times; all of it is in $reports" >&2
  exit 1
fi
exit "$passed"
