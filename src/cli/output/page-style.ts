/** The style of the pages. Colours of the marks: one hue for archives, one for bytes; states have their own. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --ink: #17181a; --soft: #5a5d63; --line: #e0dfda; --track: #eeede8;
  --archives: #2a6fcf; --bytes: #0f8a72; --money: #8a5bd1; --vault: #c2622d; --bucket: #2a6fcf;
  --good: #23863a; --bad: #c8312b; --idle: #a9a79e; --notice: #fdf3d8;
  --step1: #d8e5f7; --step2: #aecbf1; --step3: #7fade8; --step4: #4d8bdb; --step5: #2361b8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #18191b; --ink: #ececea; --soft: #a3a6ac; --line: #36383c; --track: #26282b;
    --archives: #6ba4f2; --bytes: #3dbb9f; --money: #b794ef; --vault: #e58d5c; --bucket: #6ba4f2;
    --good: #55b96c; --bad: #ef6f69; --idle: #6d6f74; --notice: #3a321d;
    --step1: #24354d; --step2: #2f4d78; --step3: #3c68a6; --step4: #5389d2; --step5: #8fbcf7;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 58rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
p { margin: .4rem 0; }
.soft, caption, figcaption { color: var(--soft); }
.notice { background: var(--notice); padding: .5rem .75rem; border-radius: .4rem; margin: .75rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0 0; }
.tiles > div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.35rem; line-height: 1.3; }
.tiles small { display: block; font-size: .8rem; color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th { font-weight: normal; text-align: left; }
th, td { padding: .22rem .6rem .22rem 0; vertical-align: middle; }
thead th, thead td { color: var(--soft); font-size: .85rem; border-bottom: 1px solid var(--line); }
tbody th { min-width: 5.5rem; max-width: 16rem; }
.detailed :is(th, td), details :is(th, td) { overflow-wrap: break-word; }
.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.bar { width: 22%; min-width: 4rem; }
.sum > * { border-top: 1px solid var(--line); font-weight: 600; }
svg { display: block; }
figure { margin: 0; }
table + table, .scroll + .scroll, .stack + .scroll { margin-top: .75rem; }
.narrow { display: none; }
.track { fill: var(--track); }
.archives { fill: var(--archives); } .bytes { fill: var(--bytes); } .money { fill: var(--money); }
.vault { fill: var(--vault); } .bucket { fill: var(--bucket); }
.good { fill: var(--good); } .bad { fill: var(--bad); } .idle { fill: var(--idle); }
.step1 { fill: var(--step1); } .step2 { fill: var(--step2); } .step3 { fill: var(--step3); }
.step4 { fill: var(--step4); } .step5 { fill: var(--step5); }
.gap { stroke: var(--paper); stroke-width: 1px; }
.swatch { display: inline-block; vertical-align: -1px; margin-right: .4rem; }
.plot { width: 100%; min-width: 34rem; height: auto; }
.plot text { fill: var(--soft); font-size: 12px; }
.plot .strong { fill: var(--ink); font-weight: 600; }
.grid { stroke: var(--line); }
.stay { stroke: var(--vault); } .move { stroke: var(--bucket); }
.stay, .move { fill: none; stroke-width: 2px; }
.dot { fill: var(--paper); stroke: var(--ink); stroke-width: 2px; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .85rem; color: var(--soft); }
@media (max-width: 40rem) {
  .bar { width: 16%; min-width: 2.5rem; }
  th, td { padding-right: .4rem; font-size: .87rem; }
  .narrow { display: block; }
  .detailed :is(table, caption, thead, tbody) { display: block; }
  .detailed tr { display: grid; min-width: max-content; grid-template-columns: minmax(6.2rem, max-content) minmax(6.4rem, max-content) minmax(5.2rem, max-content) 1fr; align-items: center; }
  .detailed tr > th:first-child { grid-column: 1 / -1; max-width: none; padding-bottom: 0; }
  .detailed .bar { width: auto; padding-right: 0; contain: inline-size; }
  .detailed thead tr { border-bottom: 1px solid var(--line); } .detailed thead :is(th, td) { border-bottom: 0; }
  .detailed .sum { border-top: 1px solid var(--line); } .detailed .sum > * { border-top: 0; }
  .detailed .sum > th:first-child { grid-column: 1 / 3; } .detailed .sum > td:empty { display: none; }
}
@media print { body { max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
`;
