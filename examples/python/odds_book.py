"""Keeps a correct local book of Touchline's odds through any number of reconnects.

    pip install websockets
    python odds_book.py ws://127.0.0.1:8080/v1/ws '{"sports":["football"]}'
"""
import asyncio
import json
import random
import sys

import websockets

FATAL = {4001, 4003, 4040}  # not allowed, or not understood: coming back would not help


class Book:
    def __init__(self):
        self.lanes, self.feeds, self.cursor, self.partial = {}, {}, None, None

    def take(self, m):
        """Applies a message. Returns the name of a lane that has to be asked for again, or None."""
        kind = m["t"]
        if kind == "snap":
            for lane in m["lanes"]:
                self.replace(lane)
        elif kind == "d":
            return self.apply(m)
        elif kind == "reset":
            self.lanes.clear()
        elif kind == "snap_end":
            self.cursor = m["cur"]
        elif kind == "hb":
            self.cursor = m["cur"].get("1", self.cursor)
            self.feeds.update({name: state for name, (state, _) in m["feeds"].items()})
        elif kind == "feed":
            self.feeds[m["name"]] = m["state"]

    def replace(self, part):
        if part.get("gone"):
            self.lanes.pop(part["ln"], None)
            return
        continued = self.partial and self.partial["ln"] == part["ln"]
        lane = self.partial if continued else {"ln": part["ln"], "fixture": part.get("fixture"), "rows": {}}
        lane["seq"] = part["seq"]
        lane["rows"].update({row["k"]: row for row in part["rows"]})
        self.partial = lane if part.get("more") else None
        if not part.get("more"):  # half a lane could not be resumed from
            self.lanes[part["ln"]] = lane

    def apply(self, d):
        lane = self.lanes.get(d["ln"]) or {"ln": d["ln"], "seq": 0, "fixture": None, "rows": {}}
        if d["seq"] <= lane["seq"]:
            return None
        if d["prev"] > lane["seq"]:
            return d["ln"]
        self.lanes[d["ln"]] = lane
        lane["seq"], lane["fixture"] = d["seq"], d.get("fixture", lane["fixture"])
        for row in d.get("u", []):
            lane["rows"].setdefault(row["k"], {}).update(row)
        for row in d.get("r", []):
            lane["rows"].pop(row["k"], None)


async def follow(book, url, filter, on_change=lambda message: None):
    attempt = 0
    while True:
        try:
            async with websockets.connect(url, max_size=None) as socket:
                hello = json.loads(await socket.recv())
                book.feeds.update({name: feed["state"] for name, feed in hello["feeds"].items()})
                book.partial = None
                if book.cursor is None:
                    book.lanes.clear()
                resume = {"resume": book.cursor} if book.cursor else {}
                await socket.send(json.dumps({"t": "sub", "id": 1, "ch": "odds", "f": filter, **resume}))
                silence = 2 * hello["hb_ms"] / 1000 + 1
                while True:
                    message = json.loads(await asyncio.wait_for(socket.recv(), silence))
                    attempt = 0 if message["t"] == "snap_end" else attempt
                    lane = book.take(message)
                    if lane:
                        await socket.send(json.dumps({"t": "resync", "ln": lane}))
                    on_change(message)
        except websockets.ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code in FATAL:
                raise
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
            pass
        for name in book.feeds:  # what nobody confirms is not to be trusted
            book.feeds[name] = "down"
        attempt += 1
        await asyncio.sleep(random.uniform(0, min(30, 0.5 * 2**attempt)))


if __name__ == "__main__":
    mine = Book()

    def show(message):
        if message["t"] in ("snap_end", "hb", "feed"):
            rows = sum(len(lane["rows"]) for lane in mine.lanes.values())
            print(f"{len(mine.lanes)} fixtures, {rows} prices, feeds {mine.feeds}", flush=True)

    asyncio.run(follow(mine, sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}, show))
