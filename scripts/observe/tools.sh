# Sourced by the checks: sets `program` and `observe`, and installs what is missing.
program="${TOUCHLINE_PROGRAM:-$PWD/.build/release/touchline}"
observe="$PWD/.build/observe"
[ -x "$program" ] || { echo "there is no $program: run 'make release' first"; exit 1; }

scripts/bootstrap.sh prometheus prometheus-alertmanager openssl curl python3-venv
[ -x "$observe/bin/python" ] || python3 -m venv "$observe"
"$observe/bin/python" -c 'import grafana_foundation_sdk' 2>/dev/null ||
    "$observe/bin/pip" -q install 'grafana-foundation-sdk==1769699998!10.1.0'
