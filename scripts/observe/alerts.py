"""Makes faults in a live pipeline, and waits until each alert has come through Prometheus and Alertmanager to a webhook, and has
gone again when the fault was mended. Ends with 1 if one did not. A second argument picks faults by their name.

The alerts are those of dashboards/prometheus/alerts.yml. Only times and thresholds that would make this take hours are shortened.
"""

import json
import os
import re
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from live import RULES, Live, get

PATIENCE = 90


def hurried(text):
    """The same alerts, in seconds instead of minutes."""
    text = re.sub(r"\n +for: \S+", "\n        for: 1s", text)
    text = re.sub(r"\[\d+[mh]\]", "[30s]", text)
    for name, before, after in [
        ("TouchlineFeedSilent", "> 60", "> 5"),
        ("TouchlineOldestPending", "> 30", "> 5"),
        ("TouchlineLagGrowing", "> 1000", "> 100"),
    ]:
        head, tail = text.split(f"alert: {name}\n", 1)
        assert before in tail, name
        text = f"{head}alert: {name}\n{tail.replace(before, after, 1)}"
    return text


class Receiver:
    """What Slack would be told: `heard` maps the title of a message to when it came last."""

    def __init__(self):
        self.heard = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for attachment in document["attachments"]:
                    receiver.heard[attachment["title"].split(" (")[0]] = time.time()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/services/hook"

    def wait(self, status, names, since):
        """The seconds that each took; None for what did not come."""
        end = time.time() + PATIENCE
        while time.time() < end:
            if all(self.heard.get(f"{status}: {name}", 0) >= since for name in names):
                break
            time.sleep(0.2)
        times = {name: self.heard.get(f"{status}: {name}", 0) for name in names}
        return {name: at - since if at >= since else None for name, at in times.items()}


class Faults:
    """Each: what is done, what is undone, and the alerts between."""

    def __init__(self, live):
        self.live = live

    def all(self):
        live = self.live
        return [
            ("the provider refuses connections", lambda: live.proxy.set("refuse"), lambda: live.proxy.set("pass"),
             ["TouchlineFeedDown", "TouchlineReconnectStorm"]),
            ("the provider falls silent", lambda: live.proxy.set("silent"), lambda: live.proxy.set("pass"),
             ["TouchlineFeedSilent"]),
            ("the provider begins anew and cannot resume", self.restart_provider, lambda: None, ["TouchlineGapRecorded"]),
            ("messages are no JSON", self.poison, lambda: None, ["TouchlineDeadLetters"]),
            ("the Processor is stopped", lambda: live.stop("process"), lambda: live.start_stage("process"),
             ["TouchlineProcessDown", "TouchlineStageMissing", "TouchlineLagGrowing"]),
            ("the Writer is killed", lambda: live.stop("write", signal.SIGKILL), lambda: live.start_stage("write"),
             ["TouchlineProcessDown", "TouchlineStageMissing"]),
            ("Postgres takes no connections", self.lock_postgres, self.unlock_postgres,
             ["TouchlinePostgresAway", "TouchlineOldestPending"]),
            ("Redis is full", self.fill_redis, lambda: live.redis_cli("config", "set", "maxmemory", "0"),
             ["TouchlineRedisMemory", "TouchlineRedisFull", "TouchlineSpoolInUse"]),
            ("Redis hangs", lambda: os.kill(self.redis_pid(), signal.SIGSTOP), self.wake_redis, ["TouchlineRedisAway"]),
            ("the feed's token is about to run out", lambda: self.reload(600), lambda: self.reload(30 * 86400),
             ["TouchlineTokenExpiring"]),
        ]

    def restart_provider(self):
        self.live.stop("sportsbook")
        self.live.start_provider()

    def poison(self):
        self.live.proxy.poison = 20

    def lock_postgres(self):
        self.live.sql("ALTER DATABASE observed ALLOW_CONNECTIONS false", self.live.admin)
        self.live.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'observed'",
                      self.live.admin)

    def unlock_postgres(self):
        self.live.sql("ALTER DATABASE observed ALLOW_CONNECTIONS true", self.live.admin)

    def fill_redis(self):
        used = int(re.search(r"used_memory:(\d+)", self.live.redis_cli("info", "memory"))[1])
        self.live.redis_cli("config", "set", "maxmemory", str(int(used / 0.92)))

    def redis_pid(self):
        self.pid = int(re.search(r"process_id:(\d+)", self.live.redis_cli("info", "server"))[1])
        return self.pid

    def wake_redis(self):
        os.kill(self.pid, signal.SIGCONT)

    def reload(self, seconds):
        self.live.configure(seconds)
        self.live.children["feed"].send_signal(signal.SIGHUP)


def run(live, receiver, wanted):
    time.sleep(20)
    alerts, failures = set(), 0
    for what, make, mend, names in Faults(live).all():
        if wanted not in what:
            continue
        print(what, flush=True)
        begun = time.time()
        make()
        fired = receiver.wait("FIRING", names, begun)
        mended = time.time()
        mend()
        # What shows an increase goes when its window has passed, perhaps before it is mended.
        resolved = receiver.wait("RESOLVED", [name for name in names if fired[name] is not None], begun)
        for name in names:
            if fired[name] is None or resolved.get(name) is None:
                failures += 1
                print(f"  {name}: {'did not fire' if fired[name] is None else 'did not resolve'}", flush=True)
            else:
                alerts.add(name)
                print(f"  {name}: fired after {fired[name]:.0f} s, resolved "
                      f"{max(0, begun + resolved[name] - mended):.0f} s after the repair", flush=True)
        live.until("a live feed again", lambda: live.query("touchline_feed_state == 5"))
    print(f"{len(alerts)} alerts fired and resolved, {failures} did not")
    return failures


def main(program, wanted=""):
    receiver = Receiver()
    live = Live(program, rate=100, alerts=hurried((RULES / "alerts.yml").read_text()), receiver=receiver.url)
    try:
        live.until("a live feed", lambda: "touchline_feed_state" in get(f"http://127.0.0.1:{live.ports['feed']}/metrics"))
        failures = run(live, receiver, wanted)
    finally:
        live.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
