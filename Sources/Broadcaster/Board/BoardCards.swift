/// The odds board's fixtures: what one of them shows.
enum BoardCards {
    static let javaScript = #"""
        // The page: cards that are built once and touched only where something changed, at most once a frame.
        const element = (tag, className, text) => {
          const made = document.createElement(tag);
          if (className) made.className = className;
          if (text !== undefined) made.textContent = text;
          return made;
        };
        const byId = id => document.getElementById(id);
        // The names of providers for people; a score keeps its dash.
        const label = text =>
          text.replace(/_+|(?<=[a-z])-+(?=[a-z])/gi, " ").replace(/^./, first => first.toUpperCase());
        const counted = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;
        const mainMarkets = ["1x2", "match_odds", "winner", "moneyline", "match_winner", "win"];
        const optionOrder = ["1", "home", "x", "draw", "2", "away", "over", "under", "yes", "no"];
        const rank = (list, text) => {
          const at = list.indexOf(String(text).toLowerCase());
          return at < 0 ? list.length : at;
        };
        const trend = { span: 5 * 60 * 1000, points: 60 };

        class Card {
          constructor(board, lane) {
            this.board = board;
            this.lane = lane;
            this.cells = new Map();
            this.root = element("article", "fixture");
            this.root.tabIndex = 0;
            this.root.addEventListener("keydown", event => {
              if (event.key === "Enter" && event.target === this.root) this.toggle();
            });
          }

          get fixture() { return this.lane.fixture || {}; }
          get feed() { return this.lane.name.split("|", 1)[0]; }
          get sport() { return this.fixture.sport || "Other"; }
          get isLive() { return ["live", "suspended"].includes(this.fixture.status); }
          get title() {
            return [this.fixture.home, this.fixture.away].filter(Boolean).join(" – ") || this.lane.name.split("|")[1];
          }
          get words() {
            return [this.title, this.fixture.tournament, this.sport, this.lane.name].join(" ").toLowerCase();
          }

          // The board remembers it: a new snapshot makes new cards.
          get isOpen() { return this.board.opened.has(this.lane.name); }

          toggle() {
            if (!this.board.opened.delete(this.lane.name)) this.board.opened.add(this.lane.name);
            this.build();
          }

          markets() {
            const markets = new Map();
            for (const row of this.lane.rows.values()) {
              const id = `${row.market}\u0000${row.mid || (row.line ?? "")}`;
              if (!markets.has(id)) markets.set(id, { type: row.market, name: row.mname, line: row.line, rows: [] });
              markets.get(id).rows.push(row);
            }
            for (const market of markets.values()) {
              market.rows.sort((a, b) => rank(optionOrder, a.option) - rank(optionOrder, b.option)
                || (a.name || a.option).localeCompare(b.name || b.option));
            }
            return [...markets.values()].sort((a, b) => rank(mainMarkets, a.type) - rank(mainMarkets, b.type)
              || a.type.localeCompare(b.type) || (a.line ?? 0) - (b.line ?? 0));
          }

          build() {
            const markets = this.markets();
            const isButtonFocused = this.button !== undefined && this.button === document.activeElement;
            const head = element("div", "head");
            head.append(this.about());
            this.cells.clear();
            if (markets.length) head.append(this.market(markets[0], true));
            else head.append(element("div", "market"));
            this.button = markets.length > 1 ? this.moreButton(markets.length - 1) : undefined;
            if (this.button) head.append(this.button);
            this.root.replaceChildren(head);
            if (this.isOpen && markets.length > 1) {
              const rest = element("div", "rest");
              markets.slice(1).forEach(market => rest.append(this.market(market, false)));
              this.root.append(rest);
            }
            // Whoever stands on the button stays there, whatever the fixture does.
            if (isButtonFocused) (this.button || this.root).focus({ preventScroll: true });
            this.root.classList.toggle("is-live", this.isLive);
            this.root.classList.toggle("is-suspended", this.fixture.status === "suspended");
            this.root.setAttribute("aria-label", this.title);
            this.trust();
          }

          about() {
            const about = element("div", "about");
            const meta = element("div", "meta");
            meta.append(element("span", "tag", this.when()), element("span", "", this.fixture.tournament || this.feed));
            this.state = element("span", "state");
            meta.append(this.state);
            about.append(meta);
            const score = this.fixture.score || [];
            const teams = [this.fixture.home, this.fixture.away].filter(Boolean);
            (teams.length ? teams : [this.title]).forEach((team, index) => {
              const line = element("div", "team");
              line.append(element("span", "", team), element("b", "", score[index] ?? ""));
              about.append(line);
            });
            return about;
          }

          when() {
            if (this.isLive || ["finished", "cancelled"].includes(this.fixture.status)) return this.fixture.status;
            if (!this.fixture.start) return this.fixture.status || "–";
            const start = new Date(this.fixture.start);
            const isToday = start.toDateString() === new Date().toDateString();
            return start.toLocaleString([], isToday ? { hour: "2-digit", minute: "2-digit" }
              : { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
          }

          market(market, isMain) {
            const box = element("section", "market");
            const isShared = market.line !== undefined && market.rows.every(row => row.line === market.line);
            const line = isShared ? ` ${market.line}` : "";
            box.append(element("h3", "", (market.name || label(market.type)) + line));
            const list = element("ul", "prices");
            for (const row of market.rows) list.append(this.cell(row, isMain && market.rows.length <= 6, line));
            box.append(list);
            return box;
          }

          moreButton(count) {
            const button = element("button", "more", this.isOpen ? "Fewer" : `+${counted(count, "market")}`);
            button.type = "button";
            button.setAttribute("aria-expanded", this.isOpen);
            button.addEventListener("click", () => this.toggle());
            return button;
          }

          cell(row, hasSparkline, line) {
            const root = element("li", "price");
            const who = row.name || this.optionName(row.option);
            const [odds, lay, note] = ["odds", "lay", "note"].map(name => element("span", name));
            const cell = { root, odds, lay, note };
            lay.title = "lay";
            root.append(element("span", "who", row.line !== undefined && !line ? `${who} ${row.line}` : who), odds, lay, note);
            if (hasSparkline) {
              const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
              svg.setAttribute("viewBox", "0 0 100 16");
              svg.setAttribute("preserveAspectRatio", "none");
              svg.setAttribute("aria-hidden", "true");
              cell.path = document.createElementNS("http://www.w3.org/2000/svg", "path");
              svg.append(cell.path);
              root.append(svg);
            }
            this.cells.set(row.k, cell);
            this.fill(row, cell);
            return root;
          }

          optionName(option) {
            const { home, away } = this.fixture;
            const place = { 1: home, home, 2: away, away, X: "Draw", draw: "Draw" };
            return place[option] || label(option);
          }

          fill(row, cell) {
            const isOff = row.st !== "open" || row.p == null && row.lay == null;
            cell.odds.textContent = this.board.written(row.p ?? (row.lay == null ? row.ltp : null));
            cell.lay.textContent = row.lay == null ? "" : this.board.written(row.lay);
            cell.lay.hidden = row.lay == null;
            cell.note.textContent = row.st === "open" ? (isOff ? "no price" : "") : row.st;
            cell.note.hidden = !isOff;
            cell.root.classList.toggle("is-off", isOff);
            if (cell.path) cell.path.setAttribute("d", this.board.sparkline(row));
          }

          // Time goes on where prices stand still.
          drawTrends() {
            for (const [key, cell] of this.cells) {
              const row = cell.path && this.lane.rows.get(key);
              if (row) cell.path.setAttribute("d", this.board.sparkline(row));
            }
          }

          refresh(keys) {
            for (const key of keys) {
              const row = this.lane.rows.get(key);
              const cell = this.cells.get(key);
              if (row && cell) this.fill(row, cell);
            }
          }

          flash(key, direction) {
            const cell = this.cells.get(key);
            if (!cell) return;
            cell.root.classList.remove("up", "down");
            void cell.root.offsetWidth;
            cell.root.classList.add(direction);
            clearTimeout(cell.calm);
            cell.calm = setTimeout(() => cell.root.classList.remove("up", "down"), 1700);
          }

          trust() {
            const feed = this.board.book.feeds.get(this.feed);
            const isTrusted = feed !== undefined && feed.state === "up";
            this.root.classList.toggle("is-distrusted", !isTrusted);
            this.state.hidden = isTrusted;
            this.state.textContent = feed ? `feed ${feed.state}` : "";
          }
        }

        """#
}
