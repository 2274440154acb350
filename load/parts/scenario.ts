import type { Scenario } from 'k6/options'
import { Ledger } from 'k6/x/eventsource'
import type { Side } from './sides.ts'
import type { Row, Script } from './verdict.ts'

/** Where publish() puts things in `data`, and hello the worker. */
export const places = { publisher: 'publisher', sequence: 'sequence', sentAtMs: 'sentAtMs', holder: 'worker' }

/** The ledger of a script and a side, the same in every part of a run. */
export function openLedger(script: Script, side: Side): Ledger {
  return new Ledger(`${script}-${side.name}`, places)
}

/** One scenario for each side, with one virtual user: a stream costs no JavaScript, so one holds thousands. */
export function scenarios(
  script: Script,
  sides: readonly Side[],
  maxDurationS: number,
): Record<string, Scenario> {
  return Object.fromEntries(
    sides.map(side => [
      `${script}_${side.name}`,
      {
        executor: 'per-vu-iterations' as const,
        exec: script,
        env: { SIDE: side.name },
        vus: 1,
        iterations: 1,
        maxDuration: `${Math.ceil(maxDurationS)}s`,
        gracefulStop: '5s',
      },
    ]),
  )
}

/** What the ledger of a script and a side says by now. */
export function rowOf(script: Script, side: Side, streams: number): Row {
  return { script, side, streams, report: openLedger(script, side).report() }
}

/** The side of the scenario that runs here. */
export function sideHere(sides: readonly Side[]): Side {
  const side = sides.find(({ name }) => name === __ENV.SIDE)
  if (side === undefined)
    throw new Error(`no scenario: this function runs for one of ${sides.map(it => it.name).join(', ')}`)
  return side
}
