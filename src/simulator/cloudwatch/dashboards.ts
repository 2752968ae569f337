import { CloudWatchRefusal } from './refusal.ts';

export interface Dashboard {
  readonly name: string;
  readonly body: string;
  readonly lastModified: number;
}

/** Columns of the grid, widgets a dashboard, and kinds of them (CloudWatch API reference, dashboard body structure). */
const COLUMNS = 24;
const MOST_WIDGETS = 500;
const TYPES = ['metric', 'text', 'log', 'alarm', 'explorer'];

interface Message {
  readonly DataPath: string;
  readonly Message: string;
}

/** @throws {CloudWatchRefusal} */
export function checkDashboardName(name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(name)) return name;
  throw new CloudWatchRefusal(
    400,
    'InvalidParameterValue',
    'The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).',
    'InvalidParameterValueException',
  );
}

/** @throws {CloudWatchRefusal} InvalidParameterInput with all that is wrong with the body. */
export function checkDashboardBody(body: unknown): string {
  if (typeof body !== 'string') throw refused([{ DataPath: '', Message: 'The field DashboardBody is required' }]);
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw refused([{ DataPath: '', Message: 'The field DashboardBody must be a valid JSON object' }]);
  }
  const widgets = (json as { readonly widgets?: unknown } | null)?.widgets;
  if (!Array.isArray(widgets))
    throw refused([{ DataPath: '/', Message: 'The dashboard body should have a field "widgets"' }]);
  if (widgets.length > MOST_WIDGETS)
    throw refused([{ DataPath: '/widgets', Message: `Should NOT have more than ${MOST_WIDGETS} items` }]);
  const messages = widgets.flatMap((widget: unknown, i) =>
    faultsOf(widget as Record<string, unknown>, `/widgets/${i}`),
  );
  if (messages.length > 0) throw refused(messages);
  return body;
}

function faultsOf(widget: Record<string, unknown>, path: string): readonly Message[] {
  const faults: Message[] = [];
  const fault = (place: string, Message: string): void => void faults.push({ DataPath: `${path}${place}`, Message });
  const { type, x = 0, y = 0, width = 6, height = 6, properties } = widget;
  if (!TYPES.includes(String(type))) fault('/type', `Should be one of: ${TYPES.join(', ')}`);
  for (const [name, value, least] of [
    ['x', x, 0],
    ['y', y, 0],
    ['width', width, 1],
    ['height', height, 1],
  ] as const) {
    if (!Number.isInteger(value) || Number(value) < least)
      fault(`/${name}`, `Should be an integer of at least ${least}`);
  }
  if (Number(x) + Number(width) > COLUMNS) fault('/width', `Should not reach beyond column ${COLUMNS}`);
  if (typeof properties !== 'object' || properties === null) {
    fault('/properties', 'Should have required property "properties"');
    return faults;
  }
  const { markdown, metrics, region } = properties as Record<string, unknown>;
  if (type === 'text' && typeof markdown !== 'string') fault('/properties/markdown', 'Should be a text');
  if (type !== 'metric') return faults;
  if (typeof region !== 'string') fault('/properties/region', 'Should have required property "region"');
  if (!Array.isArray(metrics) || metrics.length === 0) fault('/properties/metrics', 'Should have at least one metric');
  else if (!metrics.every(isMetric))
    fault('/properties/metrics', 'Should be namespace, name, pairs of dimensions, options');
  return faults;
}

function isMetric(metric: unknown): boolean {
  if (!Array.isArray(metric)) return false;
  const texts = metric.filter((each) => typeof each === 'string');
  const options = metric.at(-1);
  const rest = typeof options === 'object' ? metric.length - 1 : metric.length;
  // an expression has its options only
  return texts.length === rest && (rest === 0 || (rest >= 2 && rest % 2 === 0));
}

function refused(messages: readonly Message[]): CloudWatchRefusal {
  const text = `The field DashboardBody is not valid: ${messages.map(({ DataPath, Message }) => `${DataPath} ${Message}`).join('; ')}`;
  const fields = { dashboardValidationMessages: messages };
  return new CloudWatchRefusal(400, 'InvalidParameterInput', text, 'DashboardInvalidInputError', fields);
}
