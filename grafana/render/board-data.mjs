/** Asks a Prometheus for what the panels of a dashboard show, as Grafana would. */

const points = 240;

/** Each panel with the answers to its queries, in the order of the queries. */
export async function boardData(board, { prometheus, from, to }) {
  const step = Math.max(1, Math.round((to - from) / points));
  const filledIn = (expr) =>
    expr
      .replaceAll('$__rate_interval', `${Math.max(4 * scrapeS, step + scrapeS)}s`)
      .replaceAll('$__range', `${Math.round(to - from)}s`)
      .replaceAll(/\$(job|instance|queue|kind|breaker)\b/g, '.+');
  const answer = ({ expr, instant }) =>
    instant
      ? ask(prometheus, 'query', { query: filledIn(expr), time: to })
      : ask(prometheus, 'query_range', { query: filledIn(expr), start: from, end: to, step });
  const panels = await Promise.all(
    board.panels.map(async (panel) => ({
      ...panel,
      answers: await Promise.all((panel.targets ?? []).map(answer)),
    })),
  );
  return { ...board, panels, from, to, step };
}

const scrapeS = 1;

async function ask(prometheus, path, parameters) {
  const response = await fetch(`${prometheus}/api/v1/${path}`, {
    method: 'POST',
    body: new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
  });
  const { status, error, data } = await response.json();
  if (status !== 'success') throw new Error(`Prometheus refused ${parameters.query}: ${error}`);
  return data.result.map(({ metric, value, values }) => ({ metric, values: values ?? [value] }));
}
