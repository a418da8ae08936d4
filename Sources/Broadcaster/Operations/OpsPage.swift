/// The page of the pipeline's health, for people without Grafana.
enum OpsPage {
    static let html = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Touchline pipeline</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/board.css">
        <link rel="stylesheet" href="/ops.css">
        <script src="/ops.js" defer></script>
        </head>
        <body>
        <header class="top">
          <div class="bar">
            <h1><span class="mark" aria-hidden="true"></span>Touchline pipeline</h1>
            <p id="link" class="pill" role="status" data-state="down">connecting</p>
            <p id="facts" class="facts"></p>
            <a id="board" href="/">Odds board</a>
          </div>
        </header>
        <div id="banner" class="banner" role="alert" hidden></div>
        <main id="feeds" aria-busy="true"></main>
        </body>
        </html>

        """#

    static let css = #"""
        .bar a { color: var(--accent); margin-left: auto; }
        .top { padding-bottom: 10px; }
        .facts { margin: 0; color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
        .feed {
          margin: 12px 0; padding: 12px 14px; border: 1px solid var(--line); border-radius: 12px;
          background: var(--card); box-shadow: var(--shadow); overflow-x: auto;
        }
        .feed[data-state="stale"], .feed[data-state="recovering"] {
          box-shadow: inset 3px 0 var(--warn), var(--shadow);
        }
        .feed[data-state="down"] { box-shadow: inset 3px 0 var(--live), var(--shadow); }
        main.is-old { opacity: .55; }
        .feed h2 { display: flex; flex-wrap: wrap; gap: 10px; align-items: baseline; margin: 0 0 8px; font-size: 16px; }
        .feed h2 small { font-weight: 400; font-size: 13px; color: var(--soft); }
        .feed table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
        .feed th, .feed td { padding: 4px 8px; text-align: right; border-top: 1px solid var(--line); }
        .feed th { font-weight: 500; color: var(--soft); }
        .feed th:first-child, .feed td:first-child, .feed td:last-child, .feed th:last-child { text-align: left; }
        .feed th:first-child { width: 18%; }
        .feed th:last-child { width: 34%; }
        .feed td:last-child { overflow-wrap: anywhere; }
        .feed .bad { color: var(--live); font-weight: 600; }
        .feed p { margin: 8px 0 0; font-size: 13px; color: var(--soft); }
        @media (max-width: 760px) {
          /* Who owns a stage gets a line of its own. */
          .feed tr { display: grid; grid-template-columns: 1.5fr repeat(4, 1fr); border-top: 1px solid var(--line); }
          .feed th, .feed td { padding: 4px 3px; border: 0; }
          .feed th:last-child { display: none; }
          .feed td:last-child { grid-column: 1 / -1; padding-top: 0; }
          .feed td:last-child:not(.bad) { color: var(--soft); }
        }

        """#
}
