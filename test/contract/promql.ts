/** One metric as an expression asks for it: `name{label="value"}`. */
export interface Selector {
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly value: string }[];
}

/** Words of PromQL that look like metrics but are none. Functions are known by their parenthesis, labels by their place. */
const keywords = new Set(['and', 'or', 'unless', 'bool', 'offset']);

const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;

/** The metrics an expression reads. Knows as much of PromQL as our dashboards use. */
export function selectorsOf(expr: string): Selector[] {
  const withoutGroups = expr.replace(grouping, ' ').replace(/\[[^\]]*\]|\boffset \S+/g, ' ');
  const found = withoutGroups.matchAll(
    /([a-z_:][a-z0-9_:]*)\s*(?:\{((?:[^"}]|"[^"]*")*)\})?(?!\s*\()(?=[^a-z0-9_:]|$)|"[^"]*"/gi,
  );
  return [...found].flatMap(([, name, matchers = '']) =>
    name === undefined || keywords.has(name) ? [] : [{ name, matchers: matchersOf(matchers) }],
  );
}

/** The labels an expression groups by. */
export function groupingLabelsOf(expr: string): string[] {
  return [...expr.matchAll(grouping)].flatMap(([, labels = '']) =>
    labels
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
}

/** The windows of the range functions of an expression: `5m` of `rate(x[5m])`. */
export function windowsOf(expr: string): string[] {
  return [...expr.matchAll(/\[([^\]]*)\]/g)].map(([, window = '']) => window);
}

function matchersOf(text: string): { label: string; value: string }[] {
  return [...text.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', value = '']) => ({
    label,
    value,
  }));
}
