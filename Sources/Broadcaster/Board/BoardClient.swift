/// The odds board's side of the subscriber protocol.
enum BoardClient {
    static let javaScript = #"""
        "use strict";
        // The subscriber protocol: one subscription, a book that follows it, a connection that comes back by itself.
        class OddsBook {
          constructor(listener) {
            this.listener = listener;
            this.lanes = new Map();
            this.feeds = new Map();
            this.cursor = null;
            this.format = "decimal";
            this.heartbeat = 5000;
            this.attempts = 0;
            this.messages = 0;
            // Whether the last connection got as far as the server's hello.
            this.isGreeted = false;
            this.token = new URLSearchParams(location.search).get("token");
          }

          open() {
            clearTimeout(this.retry);
            const url = new URL("/v1/ws", location.href);
            url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
            if (this.token) url.searchParams.set("token", this.token);
            const socket = new WebSocket(url);
            this.socket = socket;
            socket.onmessage = event => { if (socket === this.socket) this.take(JSON.parse(event.data)); };
            socket.onclose = event => { if (socket === this.socket) this.closed(event); };
            this.listener.link("down", "connecting");
            this.watch();
            if (!this.isGreeted) this.askWhetherAllowed(socket);
            this.isGreeted = false;
          }

          // To a page, a connection that is refused looks like a server that is away. REST says which it is.
          async askWhetherAllowed(socket) {
            const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
            const answer = await fetch("/v1/feeds", { headers }).catch(() => null);
            if (!answer || ![401, 403].includes(answer.status) || socket !== this.socket) return;
            this.socket = null;
            socket.close();
            this.stop("not allowed: add ?token= to the address");
          }

          // Nobody tries again by himself.
          stop(why) {
            clearTimeout(this.retry);
            clearTimeout(this.silence);
            this.listener.link("down", why);
          }

          // Another format is another filter: what is known does not carry over.
          use(format) {
            this.format = format;
            this.cursor = null;
            this.clear();
            // Who has not been greeted yet subscribes in the new format anyway.
            if (this.socket && this.socket.readyState === WebSocket.CONNECTING) return;
            const former = this.socket;
            this.socket = null;
            if (former) former.close(1000);
            this.open();
          }

          closed(event) {
            clearTimeout(this.silence);
            for (const feed of this.feeds.values()) Object.assign(feed, { state: "down", why: "no connection to the server" });
            this.listener.feedsChanged();
            if ([4001, 4003, 4040].includes(event.code)) {
              return this.stop(event.code === 4040 ? "refused" : "not allowed: add ?token= to the address");
            }
            const slow = [4029, 4030].includes(event.code) ? 30000 : 0;
            const pause = slow + this.jitter(Math.min(15000, 300 * 2 ** this.attempts++)) + (this.leave || 0);
            this.leave = 0;
            this.listener.link("down", "reconnecting");
            this.retry = setTimeout(() => this.open(), pause);
          }

          jitter(limit) { return Math.random() * limit; }

          // Nothing for two heartbeats and a second means that the connection is dead, whatever the network says.
          watch() {
            clearTimeout(this.silence);
            const socket = this.socket;
            this.silence = setTimeout(() => {
              if (socket !== this.socket) return;
              this.socket = null;
              socket.close();
              this.closed({ code: 4011 });
            }, Math.max(2 * this.heartbeat + 1000, 5000));
          }

          send(message) { if (this.socket && this.socket.readyState === 1) this.socket.send(JSON.stringify(message)); }

          take(message) {
            this.watch();
            this.messages++;
            switch (message.t) {
            case "hello":
              this.isGreeted = true;
              this.heartbeat = message.hb_ms;
              for (const [name, feed] of Object.entries(message.feeds)) {
                this.setFeed(name, feed.state, feed.age_ms, feed.why);
              }
              // Without a cursor what is held cannot be brought up to date.
              if (!this.cursor) this.clear();
              this.partial = null;
              this.send({
                t: "sub", id: 1, ch: "odds", f: {}, format: this.format, conflate_ms: 100, resume: this.cursor || undefined,
              });
              break;
            case "snap": message.lanes.forEach(lane => this.replace(lane)); break;
            case "d": this.apply(message); break;
            case "reset": this.clear(); break;
            case "snap_end":
              this.cursor = message.cur;
              this.attempts = 0;
              this.listener.link("up", "live");
              this.listener.settled();
              break;
            case "hb":
              if (message.cur["1"]) this.cursor = message.cur["1"];
              for (const [name, [state, age]] of Object.entries(message.feeds)) this.setFeed(name, state, age);
              this.listener.lag(message.lag_ms);
              break;
            case "feed": this.setFeed(message.name, message.state, 0, message.why); break;
            case "bye": this.leave = this.jitter(message.jitter_ms); break;
            case "err": console.warn(message.code, message.msg); break;
            }
          }

          setFeed(name, state, age, why) {
            const known = this.feeds.get(name) || {};
            const isNews = known.state !== state;
            this.feeds.set(name, { state, age, why: why === undefined ? (isNews ? "" : known.why) : why });
            this.listener.feedsChanged(isNews);
          }

          clear() {
            this.lanes.clear();
            this.listener.cleared();
          }

          replace(part) {
            if (part.gone) {
              this.lanes.delete(part.ln);
              return this.listener.laneGone(part.ln);
            }
            // A lane in several parts counts when its last part is here: half a lane could not be resumed from.
            const isContinued = this.partial && this.partial.name === part.ln;
            const lane = isContinued ? this.partial : { name: part.ln, rows: new Map(), fixture: null };
            lane.seq = part.seq;
            if (part.fixture) lane.fixture = part.fixture;
            for (const row of part.rows) lane.rows.set(row.k, row);
            this.partial = part.more ? lane : null;
            if (part.more) return;
            const former = this.lanes.get(part.ln);
            this.lanes.set(part.ln, lane);
            this.listener.laneReplaced(lane, former);
          }

          apply(delta) {
            let lane = this.lanes.get(delta.ln);
            const seq = lane ? lane.seq : 0;
            if (delta.seq <= seq) return;
            if (delta.prev > seq) return this.send({ t: "resync", ln: delta.ln });
            if (!lane) this.lanes.set(delta.ln, lane = { name: delta.ln, rows: new Map(), fixture: null });
            lane.seq = delta.seq;
            if (delta.fixture) lane.fixture = delta.fixture;
            let isShapeNew = delta.fixture !== undefined || (delta.r || []).length > 0;
            for (const change of delta.u || []) {
              const row = lane.rows.get(change.k);
              if (row) {
                const former = row.p;
                Object.assign(row, change);
                if ("p" in change && former != null && row.p != null) this.listener.priceMoved(row, former);
                if ("option" in change) isShapeNew = true;
              } else {
                lane.rows.set(change.k, change);
                isShapeNew = true;
              }
            }
            for (const gone of delta.r || []) lane.rows.delete(gone.k);
            this.listener.laneChanged(lane, isShapeNew, (delta.u || []).map(change => change.k));
          }
        }

        """#
}
