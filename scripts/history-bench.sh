#!/usr/bin/env bash
# How fast the history answers when it is large: fills an empty, migrated database with generated prices and times the questions
# that docs/benchmarks.md quotes, with their plans, and an audit of all of it. Each question is asked five times; the first answer reads from disk what is not cached.
#
#   scripts/history-bench.sh postgres://user@host/empty [days] [rows a day] [program]
set -euo pipefail
url="${1:?scripts/history-bench.sh <url of an empty, migrated database> [days] [rows a day] [program]}"
days="${2:-5}"
rows="${3:-10000000}"
program="${4:-.build/release/touchline}"
[ -x "$program" ] || { echo "$program is not there: make release, or name the program" >&2; exit 2; }
export PGTZ=UTC
selections=50000 # a day: 1,000 fixtures of 10 markets of 5 selections
sql() { psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --dbname "$url" "$@"; }

count="$(sql --command 'SELECT count(*) FROM feeds')"
[ "$count" = 0 ] || { echo "the database is not empty: give it one of its own" >&2; exit 2; }
echo "generating $days days of $rows rows"
sql --command "
  INSERT INTO feeds (feed_id, name, provider) VALUES (1, 'bench', 'sportsbook');
  INSERT INTO fixtures (fixture_key, feed_id, fixture_id, sport, start_time, status, updated_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, 1, 'fx-' || n, 'Football', date_trunc('day', now()) - interval '1 day' * ((n - 1) / 1000) + interval '20 hours', 1, now()
      FROM generate_series(1, 1000 * $days) n;
  INSERT INTO markets (market_key, fixture_key, market_id, market_type)
    OVERRIDING SYSTEM VALUE SELECT n, (n - 1) / 10 + 1, 'm-' || n % 10, 'm-' || n % 10 FROM generate_series(1, 10000 * $days) n;
  INSERT INTO selections (selection_key, market_key, option_id)
    OVERRIDING SYSTEM VALUE SELECT n, (n - 1) / 5 + 1, 'o-' || n % 5 FROM generate_series(1, $selections * $days) n;"
[ $((rows % 64)) = 0 ] || { echo "rows a day must be a multiple of 64: entries have 64 messages" >&2; exit 2; }
today="date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
for day in $(seq 0 $((days - 1))); do
  name="$(date --utc --date "today -$day days" +%Y%m%d)"
  for table in odds_ticks fixture_updates settlements bet_events ingest_ledger; do
    sql --command "CREATE TABLE IF NOT EXISTS ${table}_bench_$name PARTITION OF $table
      FOR VALUES FROM ($today - interval '$day days') TO ($today - interval '$((day - 1)) days')" 2>/dev/null || true
  done
  # As the Writer leaves them: entries of 64 messages with one time, in the order of their batches, in each sorted by selection.
  base=$(((days - 1 - day) * rows))
  at="$today - interval '$day days' + interval '1 day' * ((n / 64 * 64)::double precision / $rows)"
  sql --command "
    INSERT INTO odds_ticks (received_at, position, source_time, selection_key, feed_id, status, odd_value)
    SELECT at, ($base + n) << 13, at - interval '120 ms', $selections * $day + 1 + (hashint8(n) & 2147483647) % $selections, 1, 1,
           round((1.01 + ((hashint8(n * 7) & 2147483647) % 900) / 100.0)::numeric, 2)
      FROM (SELECT n, $at AS at FROM generate_series(0::bigint, $rows - 1) n) g
     ORDER BY n / 5000, (hashint8(n) & 2147483647) % $selections;
    INSERT INTO ingest_ledger (feed_id, first_frame, received_at, last_frame, prev_frame, term, rows, first_seq, last_seq)
    SELECT 1, $base + n, $at, $base + n + 63, $base + n - 1, 1, 64, $base + n + 1, $base + n + 64
      FROM generate_series(0::bigint, $rows - 1, 64) n"
done
sql --command "VACUUM ANALYZE"
# As Writers do by themselves when a day is over.
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
printf 'postgres: { url: "%s" }\n' "$url" >"$work/touchline.yaml"
"$program" partitions index --config "$work/touchline.yaml"

echo "storage: $(sql --command "
  SELECT round(sum(pg_total_relation_size(inhrelid)) / ($rows.0 * $days), 1) FROM pg_inherits WHERE inhparent = 'odds_ticks'::regclass
") bytes a row with its indexes"
ask() {
  local what="$1" question="$2" times
  times="$(for _ in 1 2 3 4 5; do
    sql --command "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON) $question" | sed -n 's/^Execution Time: //p'
  done | paste --serial --delimiters ' ')"
  printf '%-34s %s\n' "$what" "$times"
  sql --command "EXPLAIN (COSTS OFF) $question" | sed 's/^/    /'
}
key=$((selections / 2 + 17))
ask "latest price of a selection" "SELECT odd_value FROM latest_odds WHERE selection_key = $key"
ask "price path of a fixture" "SELECT * FROM line_movement('fx-$((key / 50))', 'bench')"
ask "candles of a selection" "SELECT * FROM odds_candles($key, '5 minutes')"
closing() {
  ask "closing line of $1's fixtures" "SELECT selection_key, odd_value FROM closing_odds
    WHERE start_time >= date_trunc('day', now()) - interval '$2 days' AND start_time < date_trunc('day', now()) - interval '$(($2 - 1)) days'"
}
closing yesterday 1
closing today 0
ask "the same of today, by closing_line()" "SELECT selection_key, odd_value FROM closing_line(date_trunc('day', now()), date_trunc('day', now()) + interval '1 day')"
began=$SECONDS
"$program" verify --from 30d --config "$work/touchline.yaml"
echo "verify: $((SECONDS - began)) s"
