#!/usr/bin/env bash
# Keeps a correct local book with curl and jq: one line of JSON after each change, {"feed|fixture":{"key":price}}.
#
#   examples/curl/odds.sh 'http://127.0.0.1:8080/v1/stream?sports=football' [-H 'Authorization: Bearer …']
#
# The stream begins with a snapshot whenever it is opened without Last-Event-ID, so that there is nothing to keep.
set -uo pipefail
url="${1:?usage: odds.sh URL [options of curl]}"
shift

book='
  def rows: map({key: .k, value: .}) | from_entries;
  def lane: {seq, more, rows: (.rows | rows)};
  def replace($l): if $l.gone then del(.[$l.ln])
    elif .[$l.ln].more then .[$l.ln] |= {seq: $l.seq, more: $l.more, rows: (.rows + ($l.rows | rows))}
    else .[$l.ln] = ($l | lane) end;
  def apply($d): (.[$d.ln] // {seq: 0, rows: {}}) as $l
    | if $d.seq <= $l.seq then . elif $d.prev > $l.seq then error("a gap: begin again")
      else .[$d.ln] = {seq: $d.seq, rows: (reduce ($d.u // [])[] as $u ($l.rows; .[$u.k] += $u)
        | reduce ($d.r // [])[] as $r (.; del(.[$r.k])))} end;
  foreach inputs as $m ({};
    if $m.t == "snap" then reduce $m.lanes[] as $l (.; replace($l))
    elif $m.t == "d" then apply($m) elif $m.t == "reset" then {} else . end;
    select($m.t == "snap_end" or $m.t == "d" or $m.t == "snap") | map_values(.rows | map_values(.p)))'

while true; do
  # Lines such as "data: {…}" carry the messages; ids, events and blank lines are left out.
  curl --silent --no-buffer --fail --max-time 86400 --speed-limit 1 --speed-time 11 "$@" "$url" |
    sed --unbuffered --quiet 's/^data: \({"t".*\)/\1/p' |
    jq --null-input --unbuffered --compact-output "$book"
  sleep 1
done
