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
            <a href="/">Odds board</a>
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
        .feed[data-state="stale"], .feed[data-state="recovering"] { border-left: 3px solid var(--warn); }
        .feed[data-state="down"] { border-left: 3px solid var(--live); }
        .feed h2 { display: flex; flex-wrap: wrap; gap: 10px; align-items: baseline; margin: 0 0 8px; font-size: 16px; }
        .feed h2 small { font-weight: 400; font-size: 13px; color: var(--soft); }
        .feed table { width: 100%; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
        .feed th, .feed td { padding: 4px 8px; text-align: right; border-top: 1px solid var(--line); }
        .feed th { font-weight: 500; color: var(--soft); }
        .feed th:first-child, .feed td:first-child, .feed td:last-child, .feed th:last-child { text-align: left; }
        .feed .bad { color: var(--live); font-weight: 600; }
        .feed p { margin: 8px 0 0; font-size: 13px; color: var(--soft); }

        """#
}
