#!/usr/bin/env bash
# Runs the Autobahn cases (RFC 6455 and permessage-deflate) against both ends of WebSocketTransport: a line for each run,
# exit code 1 when a case fails. Without --all it leaves out the long compression cases, and takes about a minute a run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly suite_version="0.1.0"
readonly folder=.build/conformance
readonly suite="$folder/venv/bin/kosoku"
readonly product=WebSocketConformance
SWIFT=${SWIFT:-swift}

fail() {
    printf 'conformance: %s\n' "$@" >&2
    exit 2
}

usage() {
    echo "usage: scripts/conformance.sh [--all]"
    echo "  --all   all 517 cases, and the client with and without client_no_context_takeover: half an hour"
}

install_suite() {
    [ -x "$suite" ] && return
    command -v python3 >/dev/null || fail "python3 is needed for the suite: apt-get install python3-venv"
    python3 -m venv "$folder/venv" || fail "python3 cannot make a virtual environment: apt-get install python3-venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "kosoku==$suite_version" ||
        fail "pip could not install kosoku $suite_version, the suite that runs the cases." \
            "Without a network: put its wheel (pip download kosoku==$suite_version, on a machine that has one) into a" \
            "folder and run this again with PIP_NO_INDEX=1 PIP_FIND_LINKS=<folder>. A mirror: PIP_INDEX_URL=<address>."
}

# Waits for a line in a file that a background process writes, and prints what the expression captures of it.
await_line() {
    local file=$1 expression=$2 found
    for _ in $(seq 200); do
        found=$(sed -n "s/$expression/\1/p" "$file")
        if [ -n "$found" ]; then
            echo "${found%%$'\n'*}"
            return
        fi
        sleep 0.1
    done
    fail "no address came within 20 s; see $file"
}

# What the suite found, in one line; fails when a case did.
summary() {
    python3 - "$1" "$2" "$3" <<'PYTHON'
import collections, json, pathlib, sys

name, report, seconds = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
if not (report / "index.json").exists():
    sys.exit(f"{name}: no report in {report}; its log beside it says why")
good = ["OK", "NON-STRICT", "INFORMATIONAL"]
counts, failed = collections.Counter(), []
for cases in json.loads((report / "index.json").read_text()).values():
    for case, result in cases.items():
        behaviour, close = result["behavior"], result["behaviorClose"]
        counts["skipped" if behaviour == "UNIMPLEMENTED" else behaviour if behaviour in good else "failed"] += 1
        if behaviour not in good + ["UNIMPLEMENTED"] or close not in good:
            failed.append(f"{case}: {behaviour}, close: {close}")
order = [("OK", "OK"), ("NON-STRICT", "non-strict"), ("INFORMATIONAL", "informational"), ("skipped", "skipped")]
words = ", ".join(f"{counts[key]} {word}" for key, word in order)
print(f"{name}: {sum(counts.values())} cases, {words}, {len(failed)} failed, {seconds} s")
for line in failed:
    print(f"  {line}")
sys.exit(1 if failed or not counts else 0)
PYTHON
}

run_server() {
    local report="$folder/server" log="$folder/server.log" url began=$SECONDS
    "$program" server >"$log" 2>&1 &
    echo_server=$!
    url=$(await_line "$log" '^\(ws:.*\)$') || return
    # Its own exit code says no more than the report.
    "$suite" -m fuzzingclient -p 2 "${excluded[@]}" -o "$report" "$url" >"$folder/server-suite.log" 2>&1 || true
    kill "$echo_server" 2>/dev/null
    summary "server" "$report" $((SECONDS - began))
}

# The name of the run, and the echo client's options.
run_client() {
    local name=$1 report="$folder/$1" log="$folder/$1-suite.log" url suite_process began=$SECONDS
    shift
    "$suite" -m fuzzingserver "${excluded[@]}" -o "$report" 127.0.0.1:0 >"$log" 2>&1 &
    suite_process=$!
    url=$(await_line "$log" '.* listening on \(ws:.*\)$') || return
    if "$program" client "$url" "$@" >"$folder/$name.log" 2>&1; then
        wait "$suite_process" || true
    else
        kill "$suite_process"
    fi
    summary "$name" "$report" $((SECONDS - began))
}

excluded=()
case "${1:-}" in
--all) ;;
"") for last in 10 11 12 13 14 15 16 17 18; do excluded+=(-x "12.*.$last" -x "13.*.$last"); done ;;
-h | --help) usage && exit ;;
*) usage >&2 && exit 2 ;;
esac

mkdir -p "$folder"
rm -rf "$folder"/server "$folder"/client* "$folder"/*.log
install_suite
$SWIFT build -c release --product "$product"
readonly program=.build/release/$product
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

result=0
run_server || result=1
# With this offer every case of the suite applies.
run_client client --client-no-context-takeover || result=1
if [ "${#excluded[@]}" -eq 0 ]; then run_client client-with-context || result=1; fi
[ "$result" -eq 0 ] || echo "conformance: the cases' reports are in $folder" >&2
exit "$result"
