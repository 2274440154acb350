import { apiOf } from './lib/api.ts'
import { judge } from './lib/gate.ts'
import { readKnobs } from './lib/knobs.ts'
import { publish } from './lib/publish.ts'
import { freshTopic, withStreams } from './lib/streams.ts'
import { openLedger, optionsFor, rowOf, sideHere } from './lib/scenario.ts'
import { readSides } from './lib/sides.ts'
import { summary } from './lib/summary.ts'
import { until } from './lib/until.ts'
import type { Row } from './lib/verdict.ts'

/**
 * Does every stream get every acknowledged event, once and in order, and how late?
 *
 * STREAMS streams on each side, RATE events per second for DURATION. One side after the other, so that neither takes the
 * other's processor time.
 */
const knobs = readKnobs(__ENV)
const sides = readSides(__ENV)
const ledgers = sides.map(side => openLedger('fanout', side, knobs.streams))
const turnMs = (knobs.durationS + knobs.completeS + 30) * 1000 + knobs.streams * 10

export const options = optionsFor('fanout', sides, (turnMs * sides.length) / 1000)

export async function fanout(): Promise<void> {
  const side = sideHere(sides)
  const turn = sides.indexOf(side)
  const [before, ledger] = [ledgers[turn - 1], openLedger('fanout', side, knobs.streams)]
  if (before !== undefined) await until(turnMs * turn, () => before.settled)
  const topic = freshTopic('fanout', side)
  await withStreams({ script: 'fanout', side, topic, ledger, count: knobs.streams, knobs }, async () => {
    await publish({ ...apiOf(side), topic, ledger, knobs, repeats: false })
  })
  judge(rowOf('fanout', side, knobs.streams))
}

export function fanoutRows(): Row[] {
  return sides.map(side => rowOf('fanout', side, knobs.streams))
}

export function handleSummary(): Record<string, string> {
  return summary('fanout', fanoutRows())
}
