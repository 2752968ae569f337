import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyFigures } from '../../src/domain/price/figures.ts';
import { samplePlanPage, sampleReportPage } from '../support/pages.ts';

describe.each([
  ['plan', samplePlanPage()],
  ['report', sampleReportPage()],
])('the page of a %s', (_, text) => {
  it('allows nothing but its own style, by its hash', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1] ?? '';
    const style = /<style>(.*?)<\/style>/s.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');

    expect(style.length).toBeGreaterThan(1000);
    expect(policy.replaceAll('&#39;', "'").split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    // The policy comes before what it is to rule.
    expect(text.indexOf('Content-Security-Policy')).toBeLessThan(text.indexOf('<style>'));
  });

  it('names nothing outside itself', () => {
    expect(text).not.toMatch(/<[^>]*\s(src|href|xlink:href|srcset|action|poster|data|style|on\w+)\s*=/i);
    expect(text).not.toMatch(/url\(|@import|https?:/i);
  });

  it('shows names as text, whatever they are', () => {
    expect(text).not.toContain('<script');
    expect(text).not.toContain('<img');
    expect(text.match(/<style/g)).toHaveLength(1);
    expect(text).toContain('&quot;&gt;&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;');
    expect(text).toContain('&amp;amp;');
  });
});

describe('the page of a report', () => {
  it('gives every state its share, and calls only all of it 100 %', () => {
    const text = sampleReportPage();
    const shares = [...text.matchAll(/<td class="number">([\d.]+ %)<\/td>/g)].map(([, share]) => share);

    // verified, requested, skipped, failed, all: by archives and by bytes
    expect(shares).toEqual([
      '90.0 %',
      '70.0 %',
      '6.0 %',
      '20.0 %',
      '4.0 %',
      '10.0 %',
      '0.1 %',
      '0.1 %',
      '100 %',
      '100 %',
    ]);
    expect(text).toContain('899,997 archives copied and verified');
  });

  it.each([
    ['inventory', 'The inventory has not arrived yet'],
    ['complete', 'The inventory is empty'],
  ] as const)('says so where the inventory is not there or empty: %s', (phase, said) => {
    const text = sampleReportPage({
      phase,
      states: [],
      failures: [],
      skips: [],
      flagged: [],
      sizes: [],
      ages: [],
      formats: [],
    });

    expect(text).toContain(said);
    expect(text).not.toContain('Failed, and why');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('the page of a plan', () => {
  it('has no figure that is none, whatever the class', () => {
    for (const storageClass of ['STANDARD', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'DEEP_ARCHIVE'] as const) {
      expect(samplePlanPage({ storageClass }), storageClass).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('says so where nothing is planned, and draws nothing of it', () => {
    const text = samplePlanPage({ figures: emptyFigures(0) });

    expect(text).toContain('Nothing is planned');
    expect(text).not.toMatch(/NaN|Infinity|undefined|never|<svg|0ms/);
  });

  it('says that it never pays off where the bucket is dearer', () => {
    expect(samplePlanPage({ storageClass: 'STANDARD' })).toContain('does not pay off');
    expect(samplePlanPage()).toContain('is saved again after');
  });
});
