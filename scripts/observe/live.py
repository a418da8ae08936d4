"""A pipeline of real processes on free ports, with Prometheus and Alertmanager beside it, for the checks in this folder.

Redis and Postgres are those of a `touchline demo`, which removes them when it ends; the stages run beside it, each as a process of
its own, under another prefix and in another database. The feed comes over TLS through a proxy of ours, so that it can be cut,
silenced and poisoned.
"""

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "dashboards" / "prometheus"
STAGES = ["feed", "process", "write", "broadcast"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def jwt(seconds):
    """A token that says when it runs out. Nobody verifies its signature."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'HS256'})}.{part({'exp': int(time.time()) + seconds})}.c2lnbmF0dXJl"


class FeedProxy:
    """TLS in front of the sportsbook, in a thread of its own. `mode` is pass, refuse or silent."""

    def __init__(self, backend, certificate, key):
        self.backend = backend
        self.mode = "pass"
        self.poison = 0
        self.writers = set()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=context))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def set(self, mode):
        def apply():
            self.mode = mode
            if mode == "refuse":
                for writer in self.writers:
                    writer.transport.abort()

        self.loop.call_soon_threadsafe(apply)

    async def serve(self, reader, writer):
        if self.mode == "refuse":
            writer.transport.abort()
            return
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.backend)
        except OSError:
            writer.transport.abort()
            return
        self.writers.add(writer)
        up = asyncio.create_task(self.pump(reader, inner_writer))
        down = asyncio.create_task(self.frames(inner_reader, writer))
        try:
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down):
                task.cancel()
            self.writers.discard(writer)
            inner_writer.close()
            writer.close()

    async def pump(self, reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    async def frames(self, reader, writer):
        """From the sportsbook: whole frames, so that one of ours fits between them."""
        writer.write(await reader.readuntil(b"\r\n\r\n"))
        while True:
            head = await reader.readexactly(2)
            length = head[1] & 127
            if length >= 126:
                more = await reader.readexactly(2 if length == 126 else 8)
                length, head = int.from_bytes(more, "big"), head + more
            frame = head + await reader.readexactly(length)
            if self.mode == "silent":
                continue
            writer.write(frame)
            if self.poison > 0:
                self.poison -= 1
                writer.write(b"\x81\x0fthis is no JSON")
            await writer.drain()


class Live:
    """Starts everything; `close` ends all of it."""

    def __init__(self, program, rate=50, alerts=None, receiver=None, token_seconds=30 * 86400):
        self.program = program
        self.directory = Path(tempfile.mkdtemp(prefix="touchline-observe-"))
        self.children = {}
        self.ports = {stage: free_port() for stage in STAGES}
        self.broadcaster = free_port()
        self.prometheus = f"http://127.0.0.1:{free_port()}"
        self.alertmanager = f"http://127.0.0.1:{free_port()}"
        self.rate = rate
        try:
            self.start_servers()
            self.start_sportsbook()
            self.configure(token_seconds)
            for stage in STAGES:
                self.start_stage(stage)
            if receiver:
                self.start_alertmanager(receiver)
            self.start_prometheus(alerts or (RULES / "alerts.yml").read_text())
        except BaseException:
            self.close()
            raise

    # Processes

    def spawn(self, name, command, **options):
        log = open(self.directory / f"{name}.txt", "ab")
        self.children[name] = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True, **options)

    def log(self, name):
        return (self.directory / f"{name}.txt").read_text(errors="replace")

    def until(self, what, test, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if found := test():
                    return found
            except (OSError, ValueError, KeyError, subprocess.CalledProcessError):
                pass
            time.sleep(0.3)
        raise SystemExit(f"not within {seconds} s: {what}")

    def start_servers(self):
        self.spawn("servers", [self.program, "demo", "--port", "0", "--operations-port", "0", "--rate", "1"])
        text = self.until("the demo's servers", lambda: "ctrl-C stops all" in self.log("servers") and self.log("servers"))
        self.redis = re.search(r"redis-cli -u (\S+)", text)[1]
        self.admin = re.search(r"psql '([^']+)'", text)[1]
        self.postgres = self.admin.rsplit("/", 1)[0] + "/observed"
        self.sql("CREATE DATABASE observed", self.admin)

    def start_sportsbook(self):
        self.backend = free_port()
        self.start_provider()
        self.certificate = self.directory / "certificate.pem"
        key = self.directory / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True)
        self.proxy = FeedProxy(self.backend, self.certificate, key)

    def start_provider(self):
        self.spawn("sportsbook", [self.program, "sportsbook", "--listen", f"127.0.0.1:{self.backend}",
                                  "--rate", str(self.rate), "--speed", "60"])
        self.until("the sportsbook",
                   lambda: socket.create_connection(("127.0.0.1", self.backend), 1).close() is None)

    def configure(self, token_seconds):
        self.configuration = self.directory / "touchline.yaml"
        self.configuration.write_text(f"""\
redis: {{ url: "{self.redis}", prefix: observed }}
postgres: {{ url: "{self.postgres}" }}
broadcaster: {{ listen: "127.0.0.1:{self.broadcaster}" }}
feed_client: {{ spool: {{ directory: "{self.directory}/spool", max_bytes: 64MiB }} }}
writer: {{ raw_audit: true }}
feeds:
  book-a:
    provider: sportsbook
    url: wss://localhost:{self.proxy.port}/feed
    tls: {{ ca: "{self.certificate}" }}
    token: "{jwt(token_seconds)}"
""")
        if not (self.directory / "migrated").exists():
            subprocess.run([self.program, "migrate", "--config", self.configuration], check=True, capture_output=True)
            (self.directory / "migrated").touch()

    def start_stage(self, stage):
        environment = os.environ | {"TOUCHLINE_OPERATIONS_LISTEN": f"127.0.0.1:{self.ports[stage]}"}
        self.spawn(stage, [self.program, stage, "--config", str(self.configuration)], env=environment)

    def stop(self, name, number=signal.SIGTERM):
        child = self.children.pop(name)
        child.send_signal(number)
        try:
            child.wait(40)
        except subprocess.TimeoutExpired:
            child.kill()

    def start_prometheus(self, alerts):
        (self.directory / "alerts.yml").write_text(alerts)
        text = (RULES / "prometheus.yml").read_text()
        text = re.sub(r"(scrape_interval|evaluation_interval): \S+", r"\1: 1s", text)
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in self.ports.values())
        text = text.replace('targets: ["127.0.0.1:9464"]', f"targets: [{targets}]")
        text = text.replace("127.0.0.1:9093", self.alertmanager.removeprefix("http://"))
        (self.directory / "prometheus.yml").write_text(text)
        self.spawn("prometheus", ["prometheus", f"--config.file={self.directory}/prometheus.yml",
                                  f"--storage.tsdb.path={self.directory}/prometheus",
                                  f"--web.listen-address={self.prometheus.removeprefix('http://')}"])
        self.until("Prometheus", lambda: get(self.prometheus + "/-/ready"))

    def start_alertmanager(self, receiver):
        text = (RULES / "alertmanager.yml").read_text()
        (self.directory / "webhook-url").write_text(receiver)
        text = text.replace("/etc/touchline/slack-webhook-url", f"{self.directory}/webhook-url")
        text = re.sub(r"(group_wait|group_interval): \S+", r"\1: 1s", text)
        (self.directory / "alertmanager.yml").write_text(text)
        self.spawn("alertmanager", ["prometheus-alertmanager", f"--config.file={self.directory}/alertmanager.yml",
                                    f"--storage.path={self.directory}/alertmanager", "--cluster.listen-address=",
                                    f"--web.listen-address={self.alertmanager.removeprefix('http://')}"])
        self.until("Alertmanager", lambda: get(self.alertmanager + "/-/ready"))

    # Questions

    def sql(self, text, url=None):
        done = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", "-qAt", "-F", "\t", url or self.postgres, "-c", text],
                              capture_output=True, text=True)
        if done.returncode:
            raise ValueError(done.stderr.strip())
        return done.stdout

    def redis_cli(self, *words):
        return subprocess.run(["redis-cli", "-u", self.redis, *words], check=True, capture_output=True, text=True).stdout

    def query(self, expression):
        address = f"{self.prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            document = json.loads(get(address))
        except urllib.error.HTTPError as error:
            document = json.loads(error.read())
        if document["status"] != "success":
            raise ValueError(document["error"])
        return document["data"]["result"]

    def close(self):
        for name in reversed(list(self.children)):
            if name != "servers":
                self.children[name].send_signal(signal.SIGCONT)
                self.stop(name)
        if "servers" in self.children:
            self.stop("servers", signal.SIGINT)
        shutil.rmtree(self.directory, ignore_errors=True)
