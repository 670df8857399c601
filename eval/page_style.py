"""The look of `report.html`, light or dark as the reader's system is."""

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #22252b; --soft: #666c78; --line: #dedbd2; --card: #fff;
  --right: #1d7a46; --wrong: #b3372c; --open: #7a6a1d; --link: #1f5fae; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181c; --ink: #e6e4de; --soft: #9ba1ad; --line: #33373f; --card: #1e2126;
    --right: #67c58e; --wrong: #f08a7e; --open: #d8c36a; --link: #8ab8f2; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h1 { font-size: 1.75rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
a { color: var(--link); }
.facts { color: var(--soft); margin: .25rem 0 2rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .5rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; font-weight: 400; }
thead th, thead th:first-child { color: var(--soft); font-size: .85rem; font-weight: 400; }
.group th { padding-top: 1.1rem; font-weight: 650; }
.filter { border: 0; padding: 0; margin: 0 0 1rem; display: flex; gap: 1rem; color: var(--soft); }
.filter legend { float: left; margin-right: 1rem; padding: 0; }
main:has(#show-wrong:checked) .question:not(.wrong),
main:has(#show-right:checked) .question:not(.right) { display: none; }
details { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .9rem;
  margin: .5rem 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
.remarks { margin-top: 1rem; }
.badge { font-size: .8rem; font-weight: 600; margin-right: .35rem; }
.right .badge { color: var(--right); } .wrong .badge { color: var(--wrong); } .open .badge { color: var(--open); }
.right { border-left: 3px solid var(--right); } .wrong { border-left: 3px solid var(--wrong); }
.open { border-left: 3px solid var(--open); }
.kind, .scores, .known, figcaption { color: var(--soft); font-size: .85rem; }
.answer { white-space: pre-wrap; margin: .8rem 0; } .error { color: var(--wrong); }
@media (max-width: 30rem) { table { font-size: .75rem; } th, td { padding-inline: .2rem; } }
figure { margin: .8rem 0; padding-left: .9rem; border-left: 2px solid var(--line); }
blockquote { margin: 0; white-space: pre-wrap; font-family: Georgia, serif; }
"""
