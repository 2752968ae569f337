import { createHash } from 'node:crypto';
import { html, type Markup } from '../output/markup.ts';
import { STYLE } from '../output/page-style.ts';
import { DASHBOARD_SCRIPT } from './script.ts';
import { DASHBOARD_STYLE } from './style.ts';

const WHOLE_STYLE = STYLE + DASHBOARD_STYLE;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** What every reply of the dashboard carries. Own script and style are known by their hashes; nothing else is allowed in. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${hashOf(DASHBOARD_SCRIPT)}`,
    `style-src ${hashOf(WHOLE_STYLE)}`,
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  // the token in the address is for this page alone
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** A whole HTML document; `live` ones are kept up to date by the script. */
export function document(page: { readonly title: string; readonly body: Markup; readonly live: boolean }): string {
  const { title, body, live } = page;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="icon.svg">
<style>${{ markup: WHOLE_STYLE }}</style>
</head>
<body>
${body}
${live ? html`<div id="tip" hidden></div>\n<script>${{ markup: DASHBOARD_SCRIPT }}</script>` : undefined}
</body>
</html>
`.markup;
}

/** A flake of ice. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#2a6fcf"/><path d="M16 6v20M7.3 11l17.4 10M24.7 11 7.3 21M13 7l3 3 3-3M13 25l3-3 3 3" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
