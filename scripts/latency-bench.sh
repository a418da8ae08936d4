#!/usr/bin/env bash
# How long prices take at a steady rate: received -> committed, of which the Writer's transaction, and received -> sent to
# subscribers. With --analyst a second time while a query holds every partition of the history and partitions are made and retired:
# then also who waited for a lock.
#
#   scripts/latency-bench.sh <url of an empty Redis> <url of an empty database> [--rate 5000] [--seconds 60] [--alone 60] [--subscribers 10]
#     [--analyst] [--program .build/release/touchline]
set -euo pipefail
usage() { sed -n 's/^#   //p' "$0" >&2; exit 2; }
redis="${1:-}" postgres="${2:-}"
[ -n "$postgres" ] || usage
shift 2
rate=5000 seconds=60 alone="" subscribers=10 analyst="" program=.build/release/touchline
while [ $# -gt 0 ]; do
  case "$1" in
    --rate) rate="$2"; shift 2 ;;
    --seconds) seconds="$2"; shift 2 ;;
    --alone) alone="$2"; shift 2 ;;
    --subscribers) subscribers="$2"; shift 2 ;;
    --program) program="$2"; shift 2 ;;
    --analyst) analyst=yes; shift ;;
    *) usage ;;
  esac
done
alone="${alone:-$seconds}"
book=127.0.0.1:9711
operations=127.0.0.1:9712
listen=127.0.0.1:9713

work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
sql() { psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --dbname "$postgres" "$@"; }
cat >"$work/touchline.yaml" <<YAML
redis: { url: "$redis" }
postgres: { url: "$postgres" }
operations: { listen: "$operations" }
broadcaster: { listen: "$listen" }
feed_client: { spool: { directory: "$work/spool" } }
feeds: { bench: { provider: sportsbook, url: "ws://$book/feed", streams: [odds] } }
YAML
touchline() { "$program" "$@" --config "$work/touchline.yaml"; }

touchline migrate
# Days that are over: retirement takes them one by one while the query reads them.
for day in 20 21 22 23 24 25; do
  name="odds_ticks_$(date --utc --date "today -$day days" +%Y%m%d)"
  sql --command "CREATE TABLE $name PARTITION OF odds_ticks FOR VALUES FROM
    ('$(date --utc --date "today -$day days" +%F) 00:00+00') TO ('$(date --utc --date "today -$((day - 1)) days" +%F) 00:00+00')"
  echo "$name" >>"$work/old"
done
"$program" sportsbook --listen "$book" --load 2000000000 --rate "$rate" >"$work/book.txt" 2>&1 &
"$program" run --config "$work/touchline.yaml" >"$work/run.txt" 2>&1 &
until curl --silent --fail "http://$operations/health/ready" >/dev/null; do sleep 0.5; done
for _ in $(seq "$subscribers"); do curl --silent --no-buffer "http://$listen/v1/stream" >/dev/null & done
sleep 10

# The cumulated buckets of a histogram: upper bound and count. `transaction` is a Writer's, the others are ends of the whole way.
scrape() {
  curl --silent "http://$operations/metrics" | case "$1" in
    transaction) sed -n 's/^touchline_writer_commit_seconds_bucket{.*le="\([^"]*\)".* \([0-9.e+]*\)$/\1 \2/p' ;;
    *) sed -n '/^touchline_end_to_end_seconds_bucket{.*to="'"$1"'"/s/^.*le="\([^"]*\)".* \([0-9.e+]*\)$/\1 \2/p' ;;
  esac
}
measured="committed transaction sent"
scrapes() { for to in $measured; do scrape "$to" >"$work/$1.$to"; done; }
# What shares of the measurements between two scrapes took at most, interpolated within their bucket of the histogram.
quantiles() {
  paste "$work/$1.$3" "$work/$2.$3" | awk '{ bound[NR] = $1; n[NR] = $4 - $2 } END {
    split("0.5 0.9 0.99 0.999", shares, " ")
    for (i = 1; i <= 4 && n[NR] > 0; i++) for (b = 1; b <= NR; b++) if (n[b] >= shares[i] * n[NR]) {
      low = b > 1 ? bound[b - 1] : 0; below = b > 1 ? n[b - 1] : 0; high = bound[b] == "+Inf" ? low : bound[b]
      printf "  p%s %.1f ms (%g to %g)", shares[i] * 100, 1000 * (low + (high - low) * (shares[i] * n[NR] - below) / (n[b] - below)), low * 1000, high * 1000
      break
    }
    printf "  %d measurements\n", n[NR] }'
}
rows() { sql --command "SELECT coalesce(sum(rows), 0) FROM ingest_ledger"; }
tell() {
  printf '%-11s %s rows/s\n' "$3:" "$((($5 - $4) / $6))"
  for to in $measured; do printf '  %-12s%s\n' "$to" "$(quantiles "$1" "$2" "$to")"; done
}

scrapes a; first="$(rows)"; sleep "$alone"; scrapes b; second="$(rows)"
tell a b alone "$first" "$second" "$alone"
[ -n "$analyst" ] || exit 0

# One snapshot and a lock on every partition, for all of the time.
{ PGOPTIONS="-c statement_timeout=0" sql --command "
  BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM odds_ticks; SELECT pg_sleep($seconds); SELECT count(*) FROM odds_ticks; COMMIT"; } >"$work/analyst.txt" &
query=$!
(while sleep 1; do
  sql --command "SELECT wait_event || ': ' || left(regexp_replace(query, '\s+', ' ', 'g'), 60) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()" >>"$work/waits"
done) &
(while read -r name; do
  sleep $((seconds / 8))
  touchline partitions create >>"$work/retired" 2>&1 || echo "making partitions failed" >>"$work/refused"
  timeout $((seconds / 8)) "$program" partitions retire "$name" --no-archive --config "$work/touchline.yaml" >>"$work/retired" 2>&1 ||
    echo "$name was not retired meanwhile" >>"$work/refused"
done <"$work/old") &
began="$SECONDS"
wait "$query"
scrapes c
tell b c "with query" "$second" "$(rows)" "$((SECONDS - began))"
echo "waited for a lock, in samples of a second:"
sort "$work/waits" | uniq --count | sed 's/^/  /'
[ -s "$work/refused" ] && sed 's/^/  /' "$work/refused"
touchline verify | tail -5
