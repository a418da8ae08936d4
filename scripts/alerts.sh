#!/usr/bin/env bash
# Makes faults in a live pipeline and waits for the alerts at a webhook, through a real Prometheus and Alertmanager. Takes about
# ten minutes; `scripts/alerts.sh Postgres` makes only the faults with that word.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/observe/tools.sh
"$observe/bin/python" scripts/observe/alerts.py "$program" "$@"
