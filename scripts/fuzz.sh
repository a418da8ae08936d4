#!/usr/bin/env bash
# Fuzzes the decoders: scripts/fuzz.sh [inputs per decoder] [provider …]. Seeds are the recordings beside the checkout, if there
# are any, and the examples. A crash leaves its input in .build-fuzz/crashes and ends the script with 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

inputs="${1:-5000000}"
shift || true
providers=("$@")
[ ${#providers[@]} -gt 0 ] || providers=(sportsbook betfair polymarket kalshi)

TOUCHLINE_FUZZ=1 swift build -c release --product DecoderFuzzer --sanitize=fuzzer -Xswiftc -parse-as-library \
  -Xswiftc -sanitize=fuzzer,address --scratch-path .build-fuzz
mkdir -p .build-fuzz/crashes

# One seed a line of a recording, at most 400 of a file: enough to know the shapes.
seeds() {
  local provider="$1" folder="$2" file number
  { find "../shared/feeds/$provider" "Fuzz/seeds/$provider" -type f ! -name "*.oracle.json" 2>/dev/null || true; } | while IFS= read -r file; do
    number=0
    { gzip -dcf -- "$file" 2>/dev/null || true; } | { head --lines=400 || true; } | while IFS= read -r line; do
      number=$((number + 1))
      printf '%s' "${line:0:8000}" > "$folder/$(basename "$file")-$number"
    done
  done
}

for provider in "${providers[@]}"; do
  corpus=".build-fuzz/corpus/$provider"
  if [ ! -d "$corpus" ]; then
    mkdir -p "$corpus"
    seeds "$provider" "$corpus"
  fi
  echo "== $provider: $inputs inputs, $(find "$corpus" -type f | wc -l) in the corpus"
  FUZZ_PROVIDER="$provider" SWIFT_BACKTRACE=enable=no .build-fuzz/release/DecoderFuzzer "$corpus" -runs="$inputs" \
    -max_len=8192 -timeout=10 -print_final_stats=1 -artifact_prefix=.build-fuzz/crashes/"$provider"- \
    2>&1 | grep -E "^(#[0-9]+.*(DONE|pulse)|==|stat::|SUMMARY|.*ERROR|.*atal|artifact_prefix)" | tail --lines=20
done
