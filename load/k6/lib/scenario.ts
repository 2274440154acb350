import type { Options } from 'k6/options'
import { Ledger } from 'k6/x/eventsource'
import { apiOf } from './api.ts'
import { gate } from './gate.ts'
import type { Side } from './sides.ts'
import type { Row, Script } from './verdict.ts'

/** The ledger of a script, a side and a number of streams, the same in every part of a run. */
export function openLedger(script: Script, side: Side, streams: number): Ledger {
  return new Ledger(`${script}-${side.name}-${streams}`, apiOf(side).places)
}

/** Options of a script with one scenario and one verdict for each side, and one virtual user: it holds thousands of streams. */
export function optionsFor(script: Script, sides: readonly Side[], maxDurationS: number): Options {
  const scenarios = Object.fromEntries(
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
  // Each publish may meet another worker, so each has a connection of its own.
  return { scenarios, thresholds: gate(sides.length), noConnectionReuse: true }
}

/** What that ledger says by now. */
export function rowOf(script: Script, side: Side, streams: number): Row {
  return { script, side, streams, report: openLedger(script, side, streams).report() }
}

/** The side of the scenario that runs here. */
export function sideHere(sides: readonly Side[]): Side {
  const side = sides.find(({ name }) => name === __ENV.SIDE)
  if (side === undefined)
    throw new Error(`no scenario: this function runs for one of ${sides.map(it => it.name).join(', ')}`)
  return side
}
