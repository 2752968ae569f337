/** The dashboard's style, beside that of all pages. */
export const DASHBOARD_STYLE = `
body { max-width: 76rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; }
header h1 { margin: 0; }
a { color: var(--archives); }
.pill { display: inline-block; border-radius: 1rem; padding: .1rem .7rem; border: 1px solid var(--line); font-size: .9rem; white-space: nowrap; }
.pill.on { border-color: var(--good); color: var(--good); }
.pill.on::before { content: ''; display: inline-block; width: .5rem; height: .5rem; border-radius: 50%; background: var(--good); margin-right: .45rem; }
.pill.off { color: var(--soft); }
.pill.trouble { border-color: var(--bad); color: var(--bad); }
#live { float: right; margin: .3rem 0 0 .75rem; font-size: .85rem; color: var(--soft); }
.tiles { grid-template-columns: repeat(4, 1fr); }
tbody th { min-width: 0; }
#staged th { white-space: nowrap; }
.ranges { display: flex; flex-wrap: wrap; gap: .25rem .4rem; align-items: center; }
.ranges a, .ranges b { padding: .15rem .6rem; border-radius: 1rem; border: 1px solid var(--line); text-decoration: none; font-weight: normal; }
.ranges b { background: var(--ink); color: var(--paper); border-color: var(--ink); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; margin-top: .75rem; }
.card, .chart { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .8rem .5rem; margin: 0; min-width: 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 0 2rem; align-items: start; }
.pair > * { min-width: 0; }
.chart figcaption { display: flex; flex-wrap: wrap; gap: .1rem .9rem; align-items: baseline; color: var(--ink); }
.chart figcaption b { font-weight: 600; margin-right: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 0 .8rem; font-size: .8rem; color: var(--soft); }
.plane { display: flex; margin-top: .3rem; } .scale { flex: none; } .plane svg:last-child { min-width: 0; }
.chart text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.charts > :last-child:nth-child(odd) { grid-column: 1 / -1; }
.chart .grid { stroke: var(--line); }
.chart .axis { stroke: var(--soft); }
.chart polygon { stroke: none; }
.span { fill: transparent; }
.span:hover { fill: var(--ink); fill-opacity: .12; }
.level { white-space: nowrap; }
.level.warning { color: var(--warn); } .level.error { color: var(--bad); font-weight: 600; }
.log td { vertical-align: top; } .log .when { white-space: nowrap; color: var(--soft); width: 9rem; } .log .level { width: 5rem; }
.log .fields { color: var(--soft); font-size: .87rem; display: block; }
.names td { vertical-align: top; border-top: 1px solid var(--line); } .names td:first-child { width: 60%; }
.names code { font-size: .75rem; word-break: break-all; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, monospace; }
#tip {
  position: fixed; z-index: 1; pointer-events: none; max-width: 16rem; white-space: pre-line; padding: .35rem .6rem;
  border-radius: .4rem; background: var(--ink); color: var(--paper); font-size: .8rem; line-height: 1.4;
  font-variant-numeric: tabular-nums;
}
:root { --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --warn: #e0b252; } }
@media (max-width: 40rem) {
  body { padding: 1rem .75rem 2rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; }
  #staged .bar { min-width: 1.5rem; }
  .tiles dd { font-size: 1.15rem; }
  .log tr { display: block; padding: .3rem 0; border-top: 1px solid var(--line); }
  .log td { display: inline; padding: 0 .5rem 0 0; }
  .log td:last-child { display: block; }
  .log thead { display: none; }
}
`;
