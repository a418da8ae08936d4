#!/usr/bin/env bash
# Checks dashboards/: configuration and alerts with Prometheus's own tools, then every panel's query against a live pipeline and a
# real Prometheus. Installs what is missing with apt and pip, the latter into .build/observe. Takes about two minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/observe/tools.sh

promtool check config dashboards/prometheus/prometheus.yml
promtool test rules dashboards/prometheus/alerts_test.yml
amtool check-config dashboards/prometheus/alertmanager.yml
# A case for every alert, and an entry in the runbook.
for alert in $(sed -n 's/^ *- alert: //p' dashboards/prometheus/alerts.yml); do
    grep -q "name: $alert fires" dashboards/prometheus/alerts_test.yml || { echo "no test of $alert"; exit 1; }
    grep -qx "### $alert" docs/runbook.md || { echo "docs/runbook.md has no entry for $alert"; exit 1; }
done
"$observe/bin/python" scripts/observe/dashboards.py "$program"
