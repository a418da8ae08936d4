"""Keeps a correct local book of Touchline's odds over WebSocket, through any number of reconnects.

    pip install websockets
    python odds_book.py ws://127.0.0.1:8080/v1/ws '{"sports":["football"]}'
"""
import asyncio, json, random, sys
import websockets

FATAL = {4001, 4003, 4040}  # not allowed, or not understood: coming back would not help
lanes, feeds, part, cursor = {}, {}, None, None

def take(m):
    """Applies a message; returns what to send in answer, or None."""
    global part, cursor
    if m["t"] == "reset":
        lanes.clear()
    for lane in m["lanes"] if m["t"] == "snap" else []:
        rows = {row["k"]: row for row in lane["rows"]}
        if part and part["ln"] == lane["ln"]:  # a large lane comes in several parts
            rows = {**part["rows"], **rows}
        part = {**lane, "rows": rows} if lane.get("more") else None
        lanes.pop(lane["ln"], None) if lane.get("gone") else part or lanes.update({lane["ln"]: {**lane, "rows": rows}})
    if m["t"] == "d":
        lane = lanes.setdefault(m["ln"], {"ln": m["ln"], "seq": 0, "rows": {}})
        if m["prev"] > lane["seq"]:
            return {"t": "resync", "ln": m["ln"]}
        if m["seq"] > lane["seq"]:
            lane.update({name: m[name] for name in ("seq", "fixture") if name in m})
            for row in m.get("u", []):
                lane["rows"].setdefault(row["k"], {}).update(row)
            for row in m.get("r", []):
                lane["rows"].pop(row["k"], None)
    if m["t"] == "feed":
        feeds[m["name"]] = m["state"]  # rows of a feed that is not "up" count as suspended
    feeds.update({n: f["state"] if m["t"] == "hello" else f[0] for n, f in m.get("feeds", {}).items()})
    cursor = m["cur"] if m["t"] == "snap_end" else m["cur"].get("1", cursor) if m["t"] == "hb" else cursor

async def follow(url, filter):
    global part
    async with websockets.connect(url, max_size=None) as socket:
        part, silence = None, 11
        if not cursor:
            lanes.clear()  # without a cursor what is held cannot be brought up to date
        await socket.send(json.dumps({"t": "sub", "ch": "odds", "f": filter, "resume": cursor or ""}))
        while True:
            m = json.loads(await asyncio.wait_for(socket.recv(), silence))
            silence = 2 * m["hb_ms"] / 1000 + 1 if m["t"] == "hello" else silence
            if answer := take(m):
                await socket.send(json.dumps(answer))
            print(json.dumps({n: {k: r.get("p") for k, r in l["rows"].items()} for n, l in lanes.items()}), flush=True)

while True:
    try:
        asyncio.run(follow(sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}))
    except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
        if getattr(getattr(error, "rcvd", None), "code", None) in FATAL:
            raise
    feeds = dict.fromkeys(feeds, "down")  # what nobody confirms is not to be trusted
    asyncio.run(asyncio.sleep(random.uniform(0, 3)))
