"""Checks dashboards/: every panel's query against a live pipeline, every SQL against a migrated database, every file against
Grafana's own types. Ends with 1 if anything is wrong."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from live import ROOT, Live, get

FILES = sorted((ROOT / "dashboards" / "grafana" / "dashboards").glob("*.json"))
LISTENERS = 3
SECONDS_OF_LOAD = 75


def differences(before, after, path=""):
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if key in after:
                yield from differences(before[key], after[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is unknown to Grafana"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after)):
            yield from differences(*pair, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {before!r} becomes {after!r}"


def round_trip(document):
    """What Grafana's types make of it."""
    again = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(document)))
    return list(differences(document, again))


def panels(document):
    for panel in document["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target


def prometheus_query(expression):
    return expression.replace("$__rate_interval", "1m").replace("$__interval", "1m").replace("$feed", ".*")


def postgres_query(sql, feeds):
    """Grafana's macros, as Grafana writes them."""
    start, end = "(now() - interval '6 hours')", "now()"
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {start} AND {end}", sql)
    sql = re.sub(r"\$__timeGroupAlias\((\w+), *\$__interval\)",
                 r'floor(extract(epoch from \1) / 60) * 60 AS "time"', sql)
    sql = sql.replace("$__timeFrom()", start).replace("$__timeTo()", end)
    return sql.replace("$feed", ", ".join(f"'{feed}'" for feed in feeds))


def check(live, problems):
    counts = {"files": len(FILES), "prometheus": 0, "postgres": 0}
    feeds = live.sql("SELECT name FROM feeds").split()
    for file in FILES:
        document = json.loads(file.read_text())
        problems += [f"{file.name}: {text}" for text in round_trip(document)]
        for title, target in panels(document):
            where = f"{file.name}, {title}"
            try:
                if "expr" in target:
                    counts["prometheus"] += 1
                    found = live.query(prometheus_query(target["expr"]))
                    found = [series for series in found if series["value"][1] != "NaN"]
                else:
                    counts["postgres"] += 1
                    found = live.sql(postgres_query(target["rawSql"], feeds)).splitlines()
            except ValueError as error:
                problems.append(f"{where}: {error}")
                continue
            if not found:
                problems.append(f"{where}: no data for {target.get('expr') or target['rawSql']}")
        for variable in document["templating"]["list"]:
            if variable["type"] == "query" and variable["datasource"]["type"] == "postgres":
                if not live.sql(variable["query"]).split():
                    problems.append(f"{file.name}: the variable {variable['name']} has no values")
    return counts


def main(program):
    plugins.register_default_plugins()
    problems = []
    live = Live(program, rate=200)
    try:
        live.until("a live feed", lambda: "touchline_feed_state" in get(f"http://127.0.0.1:{live.ports['feed']}/metrics"))
        live.until("the Broadcaster", lambda: get(f"http://127.0.0.1:{live.broadcaster}/v1/limits"))
        stream = f"http://127.0.0.1:{live.broadcaster}/v1/stream"
        for index in range(LISTENERS):
            live.spawn(f"listener-{index}", ["curl", "-sN", "-o", "/dev/null", stream])
        begun = time.time()
        # One fault of each kind that a panel of the business dashboard shows: a gap, and a message that cannot be used.
        time.sleep(10)
        live.proxy.poison = 5
        live.stop("sportsbook")
        live.start_provider()
        time.sleep(max(0, SECONDS_OF_LOAD - (time.time() - begun)))
        counts = check(live, problems)
        scrapes = live.query('max(max_over_time(scrape_duration_seconds{job="touchline"}[1m]))')
    finally:
        live.close()
    for problem in problems:
        print(f"  {problem}")
    print(f"{counts['files']} dashboards, {counts['prometheus']} queries to Prometheus, {counts['postgres']} to Postgres; "
          f"slowest scrape {1000 * float(scrapes[0]['value'][1]):.1f} ms; {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
