"""The one style sheet of all that is handed out: on a screen, light or dark, narrow or wide, and on A4 paper. Floor 5."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fffefb; --ink: #1c1b19; --soft: #5d5a54; --line: #d9d5cc; --tint: #f4f1ea;
  --good: #1d6b3c; --warn: #8a5300; --bad: #a3201a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161513; --ink: #ece8df; --soft: #a8a297; --line: #3b3832; --tint: #211f1b;
    --good: #7fcf9b; --warn: #e8b45f; --bad: #ff9a8f;
  }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; }
body {
  margin: 0; font: 1.0625rem/1.55 Charter, "Bitstream Charter", "Iowan Old Style", Cambria, Georgia, serif;
  font-variant-numeric: lining-nums tabular-nums; overflow-wrap: anywhere;
}
main { max-width: 50rem; margin: 0 auto; padding: 3.5rem 1.5rem 5rem; }
h1, h2, h3, h4, dt, th, .kicker, .mark, .standing, .number, nav, footer {
  font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", system-ui, sans-serif;
}
h1 { font-size: 2.1rem; line-height: 1.2; letter-spacing: -.012em; margin: .15em 0 .4em; text-wrap: balance; }
h2 { font-size: 1.4rem; line-height: 1.25; margin: 3rem 0 .7rem; padding-top: .8rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.06rem; margin: 2.1rem 0 .5rem; }
h4 { font-size: .95rem; margin: 1.5rem 0 .4rem; color: var(--soft); }
p { margin: .5rem 0 .8rem; }
.kicker { font-size: .8rem; font-weight: 600; letter-spacing: .09em; text-transform: uppercase; color: var(--soft); margin: 0; }
.lead { font-size: 1.18rem; color: var(--soft); margin: 0 0 1.4rem; }
code, pre { font-family: "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: .84em; }
code { background: var(--tint); padding: .08em .3em; border-radius: 3px; }
pre { background: var(--tint); padding: .8rem 1rem; line-height: 1.5; white-space: pre-wrap; border-radius: 4px; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .18em; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .dim { color: var(--soft); }
.standing { font-weight: 700; font-size: 1.05rem; border-left: 5px solid; padding: .35rem 0 .35rem .8rem; margin: 0 0 1.2rem; }
.note { border-left: 3px solid; padding-left: .9rem; }
.note.dim { border-color: var(--line); }
.mark { font-size: .72rem; font-weight: 700; letter-spacing: .04em; white-space: nowrap; }
h2 .mark, h3 .mark { font-size: .8rem; margin-left: .5em; }
nav ul { list-style: none; margin: 1.5rem 0 0; padding: 0; columns: 2; column-gap: 2rem; font-size: .92rem; }
nav li { margin: 0 0 .4rem; break-inside: avoid; }
ul { margin: .4rem 0 .9rem; padding-left: 1.3rem; }
li { margin-bottom: .25rem; }
dl { margin: .6rem 0 1rem; }
dl div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: .32rem 0; border-top: 1px solid var(--line); }
dt { font-size: .85rem; line-height: 1.9; color: var(--soft); }
dd { margin: 0; min-width: 0; }
.wide { overflow-x: auto; margin: .6rem 0 1.2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: baseline; padding: .38rem .9rem .38rem 0; border-top: 1px solid var(--line); }
th { font-size: .8rem; font-weight: 600; color: var(--soft); border-top: 0; white-space: nowrap; overflow-wrap: normal; }
td { overflow-wrap: break-word; }
.long { overflow-wrap: anywhere; }
.word { white-space: nowrap; }
dt::first-letter { text-transform: uppercase; }
th:last-child, td:last-child { padding-right: 0; }
.figure { text-align: right; white-space: nowrap; overflow-wrap: normal; }
tfoot td { border-top: 2px solid var(--ink); font-weight: 700; }
.entries { list-style: none; margin: .6rem 0 1.2rem; padding: 0; }
.entries > li { border-top: 1px solid var(--line); padding: .7rem 0 .6rem; margin: 0; color: inherit; }
.entries p { display: grid; grid-template-columns: 3.2rem 1fr auto; gap: 0 .6rem; align-items: baseline; margin: 0; }
.number { color: var(--soft); font-size: .85rem; }
.title { font-weight: 600; min-width: 0; }
.entries dl { margin: .25rem 0 0 3.8rem; font-size: .93rem; }
.entries dl div { grid-template-columns: 6.5rem 1fr; border: 0; padding: .08rem 0; }
.entries dl .alone { grid-template-columns: 1fr; }
.entries dt { font-size: .8rem; }
.dense > li { padding: .38rem 0 .34rem; }
.dense p { grid-template-columns: 4.2rem 1fr auto; }
.dense .title { font-size: .92rem; }
.dense dl { margin-left: 4.8rem; font-size: .85rem; line-height: 1.45; }
.dense dt { line-height: 1.6; }
.dense .mark { font-weight: 400; letter-spacing: 0; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .85rem; color: var(--soft); }
@media (max-width: 40rem) {
  body { font-size: 1rem; }
  main { padding: 1.6rem 1.1rem 3rem; }
  h1 { font-size: 1.6rem; }
  nav ul { columns: 1; }
  dl div, .entries dl div { grid-template-columns: 1fr; }
  dt, .entries dt { line-height: 1.4; padding-top: .1rem; }
  .entries p { grid-template-columns: 2.2rem 1fr auto; }
  .dense p { grid-template-columns: 3.2rem 1fr; }
  .dense .mark { grid-column: 2; }
  .entries dl, .dense dl { margin-left: 2.8rem; }
  th, td { padding-right: .6rem; }
}
@page {
  size: A4; margin: 20mm 18mm 22mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 8.5pt Helvetica, Arial, sans-serif; color: #555; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --tint: #f3f3f3;
    --good: #14522d; --warn: #6b4000; --bad: #8a1712;
  }
  body { font-size: 10.5pt; line-height: 1.42; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 21pt; } h2 { font-size: 14pt; margin-top: 20pt; } h3 { font-size: 11.5pt; }
  h1, h2, h3, h4, .kicker, p:has(+ dl), p:has(+ ul), p:has(+ .wide) { break-after: avoid; }
  tr, .entries > li, dl, pre, .standing { break-inside: avoid; }
  .dense { font-size: 9pt; }
  .dense > li { padding: 2.5pt 0; }
  thead { display: table-header-group; }
  .page { break-before: page; }
  nav { display: none; }
  a { text-decoration: none; }
  .wide { overflow: visible; }
  p { orphans: 3; widows: 3; }
}
"""
