/// The odds board as a whole: order, filters, keys, sparklines.
enum BoardView {
    static let javaScript = #"""
        class Board {
          constructor() {
            this.cards = new Map();
            this.traces = new Map();
            this.dirty = new Map();
            this.flashes = [];
            // Lanes of which all markets are shown.
            this.opened = new Set();
            this.sport = "";
            this.book = new OddsBook(this);
            this.isLayoutDue = false;
            this.listen();
            this.book.open();
            setInterval(() => this.count(), 1000);
            setInterval(() => this.cards.forEach(card => card.drawTrends()), 10000);
          }

          // What the book tells.
          link(state, text) {
            byId("link").dataset.state = state;
            byId("link").textContent = text;
          }
          lag(milliseconds) { this.lagText = `${milliseconds} ms behind the source`; }
          settled() {
            byId("board").removeAttribute("aria-busy");
            this.layout();
          }
          cleared() {
            const focused = [...this.cards].find(([, card]) => card.root.contains(document.activeElement));
            if (focused) this.focusedLane = focused[0];
            this.cards.forEach(card => card.root.remove());
            this.cards.clear();
            this.traces.clear();
            this.dirty.clear();
            this.layout();
          }
          laneReplaced(lane, former) {
            const card = this.cards.get(lane.name);
            if (card) card.lane = lane;
            for (const row of lane.rows.values()) {
              const old = former && former !== lane && former.rows.get(row.k);
              if (old && old.p != null && row.p != null && old.p !== row.p) this.priceMoved(row, old.p);
              else this.trace(row);
            }
            this.mark(lane, true, []);
          }
          laneChanged(lane, isShapeNew, keys) { this.mark(lane, isShapeNew, keys); }
          laneGone(name) {
            const card = this.cards.get(name);
            if (card) card.root.remove();
            this.cards.delete(name);
            this.dirty.delete(name);
            this.layout();
          }
          priceMoved(row, former) {
            if (row.p === former) return;
            this.trace(row);
            this.flashes.push([row, row.p > former ? "up" : "down"]);
          }
          feedsChanged(isNews = true) {
            const told = JSON.stringify([...this.book.feeds].map(([name, feed]) => [name, feed.state, feed.why]));
            // Whoever listens to the page hears of what is new, not of each heartbeat.
            if (told === this.toldFeeds) return;
            this.toldFeeds = told;
            const list = byId("feeds");
            list.replaceChildren(...[...this.book.feeds].map(([name, feed]) => {
              const item = element("li");
              item.dataset.state = feed.state;
              item.title = feed.why || feed.state;
              item.append(element("b", "", name), " ", element("span", "", feed.state));
              return item;
            }));
            const distrusted = [...this.book.feeds].filter(([, feed]) => feed.state !== "up");
            const banner = byId("banner");
            banner.hidden = distrusted.length === 0;
            const texts = distrusted.map(([name, feed]) => `${name} is ${feed.state}${feed.why ? `: ${feed.why}` : ""}`);
            banner.textContent = texts.join(" · ")
              + (distrusted.length ? " — its prices count as suspended" : "");
            if (isNews) this.cards.forEach(card => card.trust());
          }

          // Prices and their last minutes.
          written(price) {
            if (price == null) return "–";
            if (this.book.format === "american") return price > 0 ? `+${price}` : String(price);
            if (this.book.format === "probability") return `${(price * 100).toFixed(1)} %`;
            // Two decimals, and a third where there is one.
            return price >= 100 ? String(Math.round(price * 100) / 100) : price.toFixed(3).replace(/0$/, "");
          }
          trace(row) {
            if (row.p == null) return;
            const now = Date.now();
            const points = this.traces.get(row.k) || [];
            points.push([now, row.p]);
            const isOld = () => points.length > 1 && points[1][0] < now - trend.span;
            while (points.length > trend.points || isOld()) points.shift();
            this.traces.set(row.k, points);
          }
          sparkline(row) {
            const points = this.traces.get(row.k);
            if (!points || points.length < 2) return "";
            const now = Date.now();
            const begin = Math.max(points[0][0], now - trend.span);
            const prices = points.map(point => point[1]);
            const low = Math.min(...prices);
            const high = Math.max(...prices);
            const x = time => (Math.max(time, begin) - begin) / Math.max(1, now - begin) * 100;
            const y = price => high === low ? 8 : 15 - (price - low) / (high - low) * 14;
            let path = `M0 ${y(prices[0]).toFixed(1)}`;
            points.slice(1).forEach(([time, price]) => { path += `H${x(time).toFixed(1)}V${y(price).toFixed(1)}`; });
            return `${path}H100`;
          }

          // Work that is put off to the next frame, so that a burst costs one pass.
          mark(lane, isShapeNew, keys) {
            const known = this.dirty.get(lane.name) || { lane, isShapeNew: false, keys: new Set() };
            known.lane = lane;
            known.isShapeNew ||= isShapeNew;
            keys.forEach(key => known.keys.add(key));
            this.dirty.set(lane.name, known);
            this.schedule();
          }
          layout() {
            this.isLayoutDue = true;
            this.schedule();
          }
          schedule() {
            if (this.frame) return;
            this.frame = requestAnimationFrame(() => {
              this.frame = 0;
              this.render();
            });
          }
          render() {
            for (const [name, change] of this.dirty) {
              let card = this.cards.get(name);
              if (!card) this.cards.set(name, card = new Card(this, change.lane));
              card.lane = change.lane;
              if (change.isShapeNew) {
                card.build();
                this.isLayoutDue = true;
              } else {
                card.refresh(change.keys);
              }
            }
            const changed = new Set(this.dirty.keys());
            this.dirty.clear();
            for (const [row, direction] of this.flashes.splice(0)) {
              for (const name of changed) {
                const card = this.cards.get(name);
                if (card && card.lane.rows.has(row.k)) card.flash(row.k, direction);
              }
            }
            if (this.isLayoutDue) this.arrange();
          }

          // Sports in order, live first; cards are moved only when their place changes.
          arrange() {
            this.isLayoutDue = false;
            const query = byId("search").value.trim().toLowerCase();
            const isLiveOnly = byId("live").checked;
            const groups = new Map();
            const totals = new Map();
            for (const card of this.cards.values()) {
              totals.set(card.sport, (totals.get(card.sport) || 0) + 1);
              if (this.sport && card.sport !== this.sport || isLiveOnly && !card.isLive) continue;
              if (query && !query.split(/\s+/).every(word => card.words.includes(word))) continue;
              if (!groups.has(card.sport)) groups.set(card.sport, []);
              groups.get(card.sport).push(card);
            }
            const liveCount = cards => cards.filter(card => card.isLive).length;
            const isAnyLive = cards => liveCount(cards) > 0;
            const order = [...groups].sort(([a, left], [b, right]) =>
              isAnyLive(right) - isAnyLive(left) || a.localeCompare(b));
            const focused = document.activeElement;
            const sections = order.map(([sport, cards]) => this.section(sport, cards, liveCount(cards)));
            const board = byId("board");
            this.place(board, sections);
            const lost = this.cards.get(this.focusedLane);
            if (focused !== document.activeElement && board.contains(focused)) focused.focus({ preventScroll: true });
            else if (lost && document.activeElement === document.body) lost.root.focus({ preventScroll: true });
            if (lost) this.focusedLane = undefined;
            byId("empty").hidden = sections.length > 0;
            const empty = this.cards.size ? "Nothing matches the filter." : "Waiting for the first fixtures.";
            byId("empty").textContent = empty;
            this.tabs(totals);
            this.count();
          }
          section(sport, cards, live) {
            this.sections ||= new Map();
            if (!this.sections.has(sport)) {
              const made = element("section", "sport");
              made.append(element("h2"));
              this.sections.set(sport, made);
            }
            const section = this.sections.get(sport);
            const title = section.firstChild;
            const count = counted(cards.length, "fixture");
            title.replaceChildren(label(sport), element("small", "", live ? `${live} live · ${count}` : count));
            const start = card => card.fixture.start || 0;
            cards.sort((a, b) =>
              b.isLive - a.isLive || start(a) - start(b) || a.lane.name.localeCompare(b.lane.name));
            this.place(section, [title, ...cards.map(card => card.root)]);
            return section;
          }
          place(parent, nodes) {
            const isSame = nodes.length === parent.children.length && nodes.every((node, at) => node === parent.children[at]);
            if (!isSame) parent.replaceChildren(...nodes);
          }
          tabs(totals) {
            const names = ["", ...[...totals.keys()].sort()];
            const state = JSON.stringify([names, [...totals.values()], this.sport]);
            if (state === this.tabState) return;
            this.tabState = state;
            byId("sports").replaceChildren(...names.map(name => {
              const button = element("button", "", name ? label(name) : "All sports");
              button.type = "button";
              button.setAttribute("aria-pressed", name === this.sport);
              button.append(" ", element("small", "", name ? totals.get(name) : this.cards.size));
              button.addEventListener("click", () => {
                this.sport = name;
                this.layout();
              });
              return button;
            }));
          }
          count() {
            let rows = 0;
            for (const lane of this.book.lanes.values()) rows += lane.rows.size;
            const texts = [counted(this.book.lanes.size, "fixture"), counted(rows, "price"), this.lagText];
            byId("counts").textContent = texts.filter(Boolean).join(" · ");
          }

          // Keys and controls.
          listen() {
            byId("tools").addEventListener("submit", event => event.preventDefault());
            byId("search").addEventListener("input", () => this.layout());
            byId("live").addEventListener("change", () => this.layout());
            byId("format").addEventListener("change", event => this.book.use(event.target.value));
            document.addEventListener("keydown", event => this.key(event));
            byId("pipeline").search = location.search;
            // What gets the focus is not to hide behind the header, which stays where it is on large screens.
            const header = document.querySelector(".top");
            new ResizeObserver(() => {
              const isFixed = getComputedStyle(header).position === "sticky";
              document.documentElement.style.scrollPaddingTop = `${(isFixed ? header.offsetHeight : 0) + 8}px`;
            }).observe(header);
          }
          key(event) {
            if (event.key === "Tab") requestAnimationFrame(() => this.reveal());
            const isTyping = ["INPUT", "SELECT"].includes(event.target.tagName);
            if (event.key === "Escape" && isTyping) {
              byId("search").value = "";
              event.target.blur();
              return this.layout();
            }
            if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
            const actions = {
              "/": () => byId("search").focus(), j: () => this.step(1), k: () => this.step(-1),
              l: () => byId("live").click(),
            };
            if (!actions[event.key]) return;
            event.preventDefault();
            actions[event.key]();
          }
          step(direction) {
            const cards = [...document.querySelectorAll(".fixture")];
            const at = cards.indexOf(document.activeElement.closest(".fixture"));
            const next = cards[at + direction] || cards[direction > 0 ? 0 : cards.length - 1];
            if (!next) return;
            next.focus();
            this.reveal();
          }
          // Cards that were never seen have their height only once they have been scrolled to and drawn: the one with the
          // focus, and those above it, which push it down.
          reveal() {
            const focused = document.activeElement;
            if (!byId("board").contains(focused)) return;
            const observer = new ResizeObserver(() => {
              if (focused === document.activeElement) focused.scrollIntoView({ block: "nearest" });
            });
            observer.observe(byId("board"));
            setTimeout(() => observer.disconnect(), 1000);
          }
        }

        new Board();

        """#
}
