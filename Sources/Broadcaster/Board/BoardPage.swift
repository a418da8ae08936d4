/// The odds board's page and its icon.
enum BoardPage {
    static let html = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Touchline odds board</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/board.css">
        <script src="/board.js" defer></script>
        </head>
        <body>
        <a class="skip" href="#board">Skip to the fixtures</a>
        <header class="top">
          <div class="bar">
            <h1><span class="mark" aria-hidden="true"></span>Touchline</h1>
            <p id="link" class="pill" role="status" data-state="down">connecting</p>
            <ul id="feeds" class="feeds" aria-label="Feeds"></ul>
          </div>
          <form class="tools" role="search" id="tools">
            <label class="search"><span class="sr">Search fixtures</span>
              <input id="search" type="search" placeholder="Search team, tournament, fixture"
                autocomplete="off" spellcheck="false">
              <kbd aria-hidden="true">/</kbd></label>
            <label class="switch"><input id="live" type="checkbox"><span>Live only</span></label>
            <label class="choice"><span class="sr">Odds format</span>
              <select id="format">
                <option value="decimal">Decimal</option>
                <option value="american">American</option>
                <option value="probability">Probability</option>
              </select></label>
          </form>
          <nav id="sports" class="sports" aria-label="Sports"></nav>
        </header>
        <div id="banner" class="banner" role="alert" hidden></div>
        <main id="board" tabindex="-1" aria-busy="true"></main>
        <p id="empty" class="empty">Waiting for the first snapshot.</p>
        <footer class="foot">
          <span id="counts"></span>
          <span class="keys"><kbd>/</kbd> search <kbd>Esc</kbd> clear it <kbd>j</kbd> <kbd>k</kbd> move
            <kbd>Enter</kbd> all markets <kbd>l</kbd> live</span>
          <a id="pipeline" href="/ops">Pipeline</a>
        </footer>
        </body>
        </html>

        """#

    static let icon = #"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="3" y="3" width="26" height="26" rx="6"
         fill="none" stroke="#0a7d4f" stroke-width="3"/><path d="M16 3v26" stroke="#0a7d4f" stroke-width="3"/></svg>

        """#
}
