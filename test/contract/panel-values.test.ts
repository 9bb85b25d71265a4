import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { panelQueries } from '../../bench/bad-day/panel-queries.js';
import { dashboards } from '../../grafana/src/dashboards.js';
import { hasPromtool, promtoolFaults } from '../support/promtool.js';
import { temporaryFolder } from '../support/temp-folder.js';

/** What series said every ten seconds, in the notation of promtool: `0x3 7` is three times 0, then 7, `stale` ends it. */
type Given = Readonly<Record<string, string>>;

const queries = panelQueries({ rangeS: 3_600, rateS: 20 });

/** What Prometheus finds wrong with what a line of a panel says after so long; undefined stands for no answer. */
function faultsOf(panel: string, legend: string, given: Given, expected: Readonly<Record<string, number | undefined>>) {
  const expr = queries.find((query) => query.panel === panel && query.legend === legend)?.expr;
  if (expr === undefined) throw new Error(`no panel ${panel} has a line ${legend}`);
  const test = {
    interval: '10s',
    input_series: Object.entries(given).map(([series, values]) => ({ series, values })),
    promql_expr_test: Object.entries(expected).map(([eval_time, value]) => ({
      expr,
      eval_time,
      exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
    })),
  };
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'case.yml'), JSON.stringify({ evaluation_interval: '10s', tests: [test] }));
  return promtoolFaults(folder, ['test', 'rules', 'case.yml']);
}

describe.skipIf(!hasPromtool())('decisions written down', () => {
  const of = (gauge: string, instance: string) =>
    `bulwark_audit_${gauge}{job="bulwark-supervisor", instance="${instance}"}`;

  it('are what the number grew by, and no growth when the lead goes from one supervisor to another', async () => {
    const faults = await faultsOf(
      'Decisions written down',
      'written',
      // `a` leads, dies after two minutes; `b`, which stood by, has read the number half a minute later.
      { [of('entries', 'a')]: '500x5 512x6 stale', [of('entries', 'b')]: '0x14 512x5 515x5' },
      { '40s': 0, '60s': 12, '100s': 0, '130s': undefined, '150s': undefined, '190s': 0, '210s': 3, '250s': 0 },
    );

    expect(faults).toBe('');
  });

  it('gave way by what that number grew by, the first one too', async () => {
    const [a, b] = ['a', 'b'];
    const faults = await faultsOf(
      'Decisions written down',
      'gave way',
      {
        [of('entries', a)]: '500x5 20000x6 stale',
        [of('trimmed_entries', a)]: '0x5 40x6 stale',
        [of('entries', b)]: '0x14 20000x10',
        [of('trimmed_entries', b)]: '0x14 40x10',
      },
      { '40s': 0, '60s': 40, '100s': 0, '150s': undefined, '190s': 0 },
    );

    expect(faults).toBe('');
  });
});

it('what waits where nothing ends is done never', () => {
  const panel = dashboards()
    .flatMap(({ panels = [] }) => panels)
    .find(({ title }) => title === 'Done in');

  // A division by zero; Grafana looks words up by the text of the value.
  expect(panel).toHaveProperty(['fieldConfig', 'defaults', 'mappings', 0, 'options', String(1 / 0), 'text'], 'never');
});
