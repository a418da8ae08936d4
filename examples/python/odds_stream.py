"""Keeps a correct local book of Touchline's odds over Server-Sent Events: no commands, the URL says it all.

    pip install httpx-sse
    python odds_stream.py 'http://127.0.0.1:8080/v1/stream?sports=football'
"""
import json, random, sys, time
import httpx, httpx_sse

lanes, part, last = {}, None, ""


def take(m):
    """Applies a message. False: something is missing, begin again."""
    global part
    if m["t"] == "reset":
        lanes.clear()
    for lane in m["lanes"] if m["t"] == "snap" else []:
        rows = {row["k"]: row for row in lane["rows"]}
        if part and part["ln"] == lane["ln"]:  # a large lane comes in several parts
            rows = {**part["rows"], **rows}
        lane = {**lane, "rows": rows}
        part = lane if lane.get("more") else None
        if lane.get("gone"):
            lanes.pop(lane["ln"], None)
        elif not part:
            lanes[lane["ln"]] = lane
    if m["t"] == "d":
        lane = lanes.setdefault(m["ln"], {"ln": m["ln"], "seq": 0, "rows": {}})
        if m["seq"] > lane["seq"]:
            if m["prev"] > lane["seq"]:
                return False
            lane["seq"] = m["seq"]
            for row in m.get("u", []):
                lane["rows"].setdefault(row["k"], {}).update(row)
            for row in m.get("r", []):
                lane["rows"].pop(row["k"], None)
    return True


while True:
    try:
        headers = {"Last-Event-ID": last} if last else {}
        timeout = httpx.Timeout(10, read=11)  # two heartbeats and a second
        with httpx_sse.connect_sse(httpx.Client(timeout=timeout), "GET", sys.argv[1], headers=headers) as source:
            part, lanes = None, lanes if last else {}
            for event in source.iter_sse():
                if event.event == "close":
                    break
                last = event.id or last
                if not take(json.loads(event.data)):
                    last = ""
                    break
                print(json.dumps({n: {k: r.get("p") for k, r in l["rows"].items()} for n, l in lanes.items()}), flush=True)
    except httpx.TransportError:
        pass
    except httpx_sse.SSEError as refused:  # an answer that is no stream: 503 means later
        print(refused, file=sys.stderr)
    time.sleep(random.uniform(0, 2))
