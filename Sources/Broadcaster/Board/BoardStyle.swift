/// How the odds board looks, in light and in dark, on a desk and on a phone.
enum BoardStyle {
    static let css = #"""
        :root {
          color-scheme: light dark;
          --ground: #f3f5f4; --card: #fff; --ink: #14201b; --soft: #5b6962; --line: #dfe5e2;
          --cell: #f2f6f4; --cell-ink: #0e2219; --accent: #0a7d4f; --accent-ink: #fff; --lay: #fbeff2;
          --live: #cc2f2f; --up: #0a8a50; --down: #c8352b; --warn: #9a6300; --warn-ground: #fff3d9;
          --shadow: 0 1px 2px rgb(15 35 25 / 7%);
          font: 15px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #0d1311; --card: #151d1a; --ink: #e6eeea; --soft: #93a39b; --line: #25302b;
            --cell: #1d2723; --cell-ink: #eef6f2; --accent: #35c088; --accent-ink: #06281a; --lay: #2b2023;
            --live: #ff6b61; --up: #43d18f; --down: #ff7a6e; --warn: #ffc766; --warn-ground: #33290f;
            --shadow: 0 0 transparent;
          }
        }
        * { box-sizing: border-box; }
        html { scroll-padding-bottom: 48px; }
        [hidden] { display: none !important; }
        body { margin: 0; background: var(--ground); color: var(--ink); }
        button, input, select { font: inherit; color: inherit; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        .sr, .skip:not(:focus) {
          position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
        }
        .skip:focus { position: fixed; z-index: 9; top: 8px; left: 8px; padding: 8px 12px; background: var(--card); }
        kbd {
          font: 11px/1 ui-monospace, Menlo, monospace; padding: 2px 5px; border: 1px solid var(--line);
          border-radius: 4px;
          color: var(--soft); background: var(--ground);
        }

        .top {
          position: sticky; top: 0; z-index: 5; padding: 10px max(16px, calc(50vw - 620px)) 0;
          background: var(--card); border-bottom: 1px solid var(--line);
        }
        .bar { display: flex; align-items: center; gap: 12px; flex-wrap: wrap; }
        h1 { display: flex; align-items: center; gap: 8px; margin: 0; font-size: 19px; letter-spacing: -.02em; }
        .mark { width: 18px; height: 18px; border: 2px solid var(--accent); border-radius: 4px; position: relative; }
        .mark::after { content: ""; position: absolute; inset: 0 auto 0 6px; border-left: 2px solid var(--accent); }
        .pill {
          margin: 0; padding: 2px 10px; border-radius: 99px; font-size: 12px; font-weight: 600;
          background: var(--cell);
        }
        .pill::before, .feeds li::before {
          content: ""; display: inline-block; width: 7px; height: 7px; margin-right: 6px; border-radius: 50%;
          background: var(--soft);
        }
        .top [data-state="up"]::before { background: var(--up); }
        .top [data-state="stale"]::before, .top [data-state="recovering"]::before { background: var(--warn); }
        .top [data-state="down"]::before { background: var(--live); }
        .feeds {
          display: flex; flex-wrap: wrap; gap: 6px; margin: 0 0 0 auto; padding: 0; list-style: none;
          font-size: 12px;
        }
        .feeds li { padding: 2px 10px; border: 1px solid var(--line); border-radius: 99px; white-space: nowrap; }
        .feeds b { font-weight: 600; }
        .feeds span { color: var(--soft); margin-left: 1px; font-variant-numeric: tabular-nums; }

        .tools { display: flex; gap: 12px; align-items: center; margin: 10px 0; }
        .search { position: relative; flex: 1 1 auto; max-width: 460px; }
        .search input {
          width: 100%; height: 38px; padding: 0 34px 0 12px; border: 1px solid var(--line); border-radius: 9px;
          background: var(--ground);
        }
        .search kbd { position: absolute; right: 9px; top: 10px; }
        .switch { display: flex; align-items: center; gap: 7px; white-space: nowrap; cursor: pointer; }
        .switch input { width: 17px; height: 17px; accent-color: var(--accent); }
        .choice select {
          height: 38px; padding: 0 10px; border: 1px solid var(--line); border-radius: 9px;
          background: var(--ground);
        }
        .sports { display: flex; gap: 4px; overflow-x: auto; scrollbar-width: none; margin: 0 -16px; padding: 0 16px; }
        .sports button {
          padding: 8px 12px; border: 0; border-bottom: 2px solid transparent; background: none; white-space: nowrap;
          color: var(--soft); cursor: pointer;
        }
        .sports button[aria-pressed="true"] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
        .sports small { margin-left: 1px; color: var(--soft); font-weight: 400; }

        .banner {
          padding: 9px max(16px, calc(50vw - 620px)); background: var(--warn-ground); color: var(--warn);
          font-weight: 600;
        }
        main { max-width: 1272px; margin: 0 auto; padding: 6px 16px 70px; outline: none; }
        .sport > h2 { display: flex; align-items: baseline; gap: 8px; margin: 20px 2px 9px; font-size: 16px; }
        .sport > h2 small { color: var(--soft); font-weight: 400; font-size: 13px; }
        .fixture {
          margin-bottom: 8px; border: 1px solid var(--line); border-radius: 12px; background: var(--card);
          box-shadow: var(--shadow); content-visibility: auto; contain-intrinsic-size: auto 104px;
        }
        .fixture.is-live { box-shadow: inset 3px 0 var(--live), var(--shadow); }
        .fixture.is-suspended { box-shadow: inset 3px 0 var(--warn), var(--shadow); }
        .fixture:focus-visible { outline-offset: -2px; }
        .head {
          display: grid; grid-template-columns: minmax(190px, 1fr) minmax(0, 2.2fr) 96px; gap: 14px;
          padding: 11px 14px;
        }
        .meta { display: flex; gap: 8px; align-items: center; color: var(--soft); font-size: 12px; min-width: 0; }
        .meta span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .tag { flex: none; font-weight: 700; font-size: 11px; letter-spacing: .04em; text-transform: uppercase; }
        .is-live .tag { color: var(--live); }
        .is-suspended .tag { color: var(--warn); }
        .is-live .tag::before { content: "●"; margin-right: 4px; animation: beat 2s infinite; }
        .team {
          display: flex; justify-content: space-between; align-items: baseline; gap: 10px; margin-top: 2px;
          font-weight: 600;
        }
        .about, .team span { min-width: 0; }
        .team span { overflow-wrap: anywhere; }
        .team b { flex: none; font-variant-numeric: tabular-nums; }
        .market h3 { margin: 0 0 5px; font-size: 12px; font-weight: 600; color: var(--soft); }
        .prices {
          display: grid; grid-template-columns: repeat(auto-fit, minmax(92px, 1fr)); gap: 6px; margin: 0;
          padding: 0; list-style: none;
        }
        .price {
          position: relative; display: flex; flex-wrap: wrap; align-items: baseline; align-content: start; gap: 0 6px;
          min-width: 0;
          padding: 6px 9px 5px; border-radius: 8px; background: var(--cell); color: var(--cell-ink); overflow: hidden;
        }
        .price .who {
          flex: 0 0 100%; font-size: 12px; color: var(--soft); overflow: hidden; text-overflow: ellipsis;
          white-space: nowrap;
        }
        .price .odds { font-size: 17px; font-weight: 700; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
        .price .lay {
          margin-left: auto; font-size: 13px; padding: 0 5px; border-radius: 5px; background: var(--lay);
          font-variant-numeric: tabular-nums;
        }
        .price .note { flex: 0 0 100%; font-size: 11px; color: var(--soft); }
        .price svg { flex: 0 0 100%; width: 100%; height: 16px; margin-top: 2px; overflow: visible; }
        .price path {
          fill: none; stroke: var(--soft); stroke-width: 1.4; vector-effect: non-scaling-stroke; opacity: .75;
        }
        .price.is-off { background: repeating-linear-gradient(-45deg, transparent 0 6px, var(--cell) 6px 12px); }
        .price.is-off .odds { color: var(--soft); font-weight: 500; text-decoration: line-through; }
        .price.up { animation: up 1.6s ease-out; }
        .price.down { animation: down 1.6s ease-out; }
        .price.up::after, .price.down::after { position: absolute; top: 8px; right: 8px; font-size: 9px; }
        .price.up::after { content: "▲"; color: var(--up); }
        .price.down::after { content: "▼"; color: var(--down); }
        .price.up .who, .price.down .who { padding-right: 12px; }
        .more {
          align-self: center; min-width: 62px; padding: 8px 6px; border: 1px solid var(--line); border-radius: 8px;
          background: none; color: var(--soft); font-size: 12px; cursor: pointer; white-space: nowrap;
        }
        .more:hover { color: var(--ink); border-color: var(--soft); }
        .more[aria-expanded="true"] { background: var(--cell); color: var(--ink); }
        .rest {
          display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 13px;
          padding: 12px 14px 14px;
          border-top: 1px solid var(--line);
        }
        .is-distrusted .price { opacity: .55; }
        .is-distrusted .price .odds { text-decoration: line-through; }
        .state {
          flex: none; padding: 0 7px; border-radius: 99px; background: var(--warn-ground); color: var(--warn);
          font-weight: 600;
        }
        .empty { max-width: 1240px; margin: 40px auto; padding: 0 16px; text-align: center; color: var(--soft); }
        .foot {
          position: fixed; inset: auto 0 0; display: flex; justify-content: space-between; gap: 12px; font-size: 12px;
          padding: 7px max(16px, calc(50vw - 620px)); background: var(--card); border-top: 1px solid var(--line);
          color: var(--soft); font-variant-numeric: tabular-nums;
        }
        .foot a { color: var(--accent); margin-left: auto; }
        .foot .keys { margin-left: auto; }
        .foot .keys + a { margin-left: 0; }
        @keyframes up { 0%, 25% { background-color: color-mix(in srgb, var(--up) 34%, var(--cell)); } }
        @keyframes down { 0%, 25% { background-color: color-mix(in srgb, var(--down) 30%, var(--cell)); } }
        @keyframes beat { 50% { opacity: .25; } }
        @media (max-width: 760px) {
          .top { position: static; }
          .feeds { margin-left: 0; width: 100%; }
          .tools { flex-wrap: wrap; }
          /* A phone magnifies a page whose fields have smaller letters. */
          .search input, .choice select { font-size: 16px; }
          .search { flex-basis: 100%; max-width: none; }
          .head { grid-template-columns: minmax(0, 1fr) auto; gap: 8px 10px; }
          .head .market { grid-column: 1 / -1; grid-row: 2; }
          .rest { grid-template-columns: 1fr; }
          .keys, .search kbd { display: none; }
        }
        @media (prefers-reduced-motion: reduce) { *, *::before { animation-duration: .01s !important; } }

        """#
}
