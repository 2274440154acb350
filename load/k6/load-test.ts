import type { Options } from 'k6/options'
import { fanout, fanoutRows, options as fanoutOptions } from './fanout.ts'
import { gate } from './lib/gate.ts'
import { summary } from './lib/summary.ts'
import { options as quietOptions, quiet, quietRows } from './quiet.ts'

/** What `make load-test` runs: fanout and quiet side by side, because silent streams disturb nobody. One table. */
export const options: Options = {
  ...fanoutOptions,
  scenarios: { ...fanoutOptions.scenarios, ...quietOptions.scenarios },
  thresholds: gate(fanoutRows().length + quietRows().length),
}

export { fanout, quiet }

export function handleSummary(): Record<string, string> {
  return summary('load-test', [...fanoutRows(), ...quietRows()])
}
