/// Asks for the pipeline's health every two seconds and shows it.
enum OpsScript {
    static let javaScript = #"""
        "use strict";
        const byId = id => document.getElementById(id);
        // Everything that is shown is text: names and reasons come from outside.
        function element(tag, text, name) {
          const made = document.createElement(tag);
          if (text !== undefined) made.textContent = text;
          if (name) made.className = name;
          return made;
        }
        const number = value => value == null ? "–" : value >= 100 ? Math.round(value).toLocaleString("en") : String(value);
        const seconds = value => value == null ? "–" : value < 120 ? `${value} s` : `${Math.round(value / 60)} min`;

        function row(cells, tag = "td") {
          const made = element("tr");
          for (const cell of cells) {
            const [text, name] = Array.isArray(cell) ? cell : [cell];
            made.append(element(tag, text, name));
          }
          return made;
        }

        const nobody = ["nobody", "bad"];
        const consumers = count => count === 0 ? nobody : `${count} consumer${count === 1 ? "" : "s"}`;

        function stage(name, rate, group, owner) {
          if (owner === null) owner = nobody;
          if (!group) return row([name, number(rate), "–", "–", "–", owner || "–"]);
          const isLate = group.lag_s != null && group.lag_s > 5;
          return row([
            name, number(rate), [number(group.lag), isLate ? "bad" : ""], [seconds(group.lag_s), isLate ? "bad" : ""],
            number(group.pending), owner || consumers(group.consumers),
          ]);
        }

        function table(feed) {
          const made = element("table");
          made.append(row(["stage", "frames/s", "lag", "lag time", "pending", "owner"], "th"));
          const streams = new Map(feed.streams.map(stream => [stream.name, stream]));
          const group = (stream, name) => streams.get(stream)?.groups.find(group => group.name === name);
          made.append(
            stage("feed client", feed.frames_per_s, null, feed.feed_owner),
            stage("processor", feed.processed_per_s, group("raw", "processor"), feed.processor_owner),
            stage("writer", feed.written_per_s, group("events", "writer")),
            stage("dead letters", feed.letters_per_s, group("dead", "writer")));
          return made;
        }

        function card(feed) {
          const made = element("section", undefined, "feed");
          made.dataset.state = feed.state;
          const title = element("h2", feed.name);
          const age = feed.age_ms == null ? "" : `last entry ${(feed.age_ms / 1000).toFixed(1)} s ago`;
          title.append(element("small", [feed.state, feed.why, age].filter(text => text).join(" · ")));
          made.append(title, table(feed));
          const lengths = feed.streams.map(stream => `${number(stream.length)} ${stream.name}`).join(", ");
          made.append(element("p", `In Redis: ${lengths || "nothing"}. Dead letters so far: ${number(feed.letters_total)}.`));
          if (feed.gap) {
            const when = feed.gap.from ? ` since ${new Date(feed.gap.from).toLocaleString()}` : "";
            const isOver = feed.state === "up";
            made.append(element("p", `Last gap: ${feed.gap.kind}${when}: ${feed.gap.cause}`, isOver ? "" : "bad"));
          }
          return made;
        }

        function show(health) {
          const limit = health.redis.memory_limit;
          const used = Math.round((health.redis.memory_used || 0) / 1048576);
          byId("facts").textContent = [
            `Redis ${used} MiB` + (limit ? ` of ${Math.round(limit / 1048576)} MiB` : ""),
            `${health.broadcaster.lanes} fixtures`, `${health.broadcaster.subscribers} subscribers here`,
            `as of ${new Date(health.ts).toLocaleTimeString()}`,
          ].join(" · ");
          byId("feeds").replaceChildren(...health.feeds.map(card));
          byId("feeds").setAttribute("aria-busy", "false");
          byId("feeds").classList.toggle("is-old", health.redis.state === "down");
          const bad = health.feeds.filter(feed => feed.state !== "up").map(feed => feed.name);
          banner(health.redis.state === "down" ? `Redis is away: ${health.redis.why}. What is shown is old.` : "");
          link(bad.length ? "stale" : "up", bad.length ? `not up: ${bad.join(", ")}` : "all feeds up");
        }

        function banner(text) {
          if (byId("banner").textContent !== text) byId("banner").textContent = text;
          byId("banner").hidden = !text;
        }

        // Without an answer nobody is to take what is there for the present.
        function lost(text) {
          link("down", text);
          if (byId("feeds").childElementCount === 0) return;
          byId("feeds").classList.add("is-old");
          banner("The Broadcaster does not answer. What is shown is old.");
        }

        function link(state, text) {
          byId("link").dataset.state = state;
          byId("link").textContent = text;
        }

        async function ask() {
          const token = new URLSearchParams(location.search).get("token");
          try {
            const answer = await fetch("/v1/ops", {
              headers: token ? { authorization: `Bearer ${token}` } : {}, signal: AbortSignal.timeout(8000),
            });
            if (answer.ok) show(await answer.json());
            else lost([401, 403].includes(answer.status) ? "not allowed: add ?token= to the address" : "not ready");
          } catch {
            lost("no connection");
          }
          setTimeout(ask, document.hidden ? 10000 : 2000);
        }
        byId("board").search = location.search;
        ask();

        """#
}
