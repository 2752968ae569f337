/**
 * What runs in the browser: puts in what the server sends, and shows a chart's figures under the pointer. The parts are markup that
 * the server has escaped; the page's policy allows no script but this one, so nothing in them can run.
 */
export const DASHBOARD_SCRIPT = `
const live = document.getElementById('live');
const tip = document.getElementById('tip');
const source = new EventSource('events' + location.search);
source.addEventListener('open', () => { live.textContent = 'live'; });
source.addEventListener('part', ({ data }) => {
  const { id, mark, html } = JSON.parse(data);
  const part = document.getElementById(id);
  if (!part || part.dataset.mark === mark) return;
  part.innerHTML = html;
  part.dataset.mark = mark;
});
source.addEventListener('error', () => {
  live.textContent = source.readyState === EventSource.CLOSED ? 'this dashboard has ended' : 'no connection: trying again';
});
const show = (event) => {
  const readout = event.target instanceof Element ? event.target.getAttribute('data-readout') : null;
  tip.hidden = readout === null;
  if (readout === null) return;
  tip.textContent = readout.replaceAll(' | ', '\\n');
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 4)) + 'px';
  tip.style.top = Math.max(4, event.clientY - height - 14) + 'px';
};
document.addEventListener('pointermove', show);
document.addEventListener('pointerdown', show);
document.addEventListener('scroll', () => { tip.hidden = true; }, { passive: true });
`;
