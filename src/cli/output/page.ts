import { createHash } from 'node:crypto';
import { html, type Markup } from './markup.ts';
import { STYLE } from './page-style.ts';

/** A figure that stands at the top of a page. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
}

/**
 * A whole HTML document: no script, nothing from the network. Its policy allows its own style, known by its hash, and
 * nothing else, so that a name in it could not do harm even if it were not escaped.
 */
export function page({ title, body }: { readonly title: string; readonly body: readonly Markup[] }): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return document.markup;
}

export function tiles(list: readonly Tile[]): Markup {
  return html`<dl class="tiles">${list.map(
    ({ name, value, note }) => html`
<div><dt>${name}</dt><dd>${value}${note === undefined ? undefined : html`<small>${note}</small>`}</dd></div>`,
  )}
</dl>`;
}

/** A section with a heading; nothing at all where there is nothing in it. */
export function section(heading: string, ...contents: readonly (Markup | undefined)[]): Markup {
  const present = contents.filter((content) => content !== undefined);
  return present.length === 0
    ? html``
    : html`<section>
<h2>${heading}</h2>
${present}
</section>
`;
}
