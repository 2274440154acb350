import { apiOf } from './lib/api.ts'
import { judge } from './lib/gate.ts'
import { readKnobs } from './lib/knobs.ts'
import { publish } from './lib/publish.ts'
import { freshTopic, say, withStreams } from './lib/streams.ts'
import { openLedger, optionsFor, rowOf, sideHere } from './lib/scenario.ts'
import { readSides, type Side } from './lib/sides.ts'
import { summary } from './lib/summary.ts'
import { pause, until } from './lib/until.ts'
import type { Row } from './lib/verdict.ts'

/**
 * Do silent streams outlive the proxy's timeout? On the broken side: when are they cut?
 *
 * Nobody publishes for QUIET; then a few events show that the streams still work (not on a server without PUBLISH_URL). All
 * sides at once: silence costs nothing.
 */
const knobs = readKnobs(__ENV)
const sides = readSides(__ENV)
const streams = Math.min(knobs.streams, 200)
const afterwards = { rate: 10, durationS: 1, publishers: 2, padding: 0 }

export const options = optionsFor('quiet', sides, knobs.quietS + knobs.completeS + 60)

export async function quiet(): Promise<void> {
  const side = sideHere(sides)
  const ledger = openLedger('quiet', side, streams)
  const topic = freshTopic('quiet', side)
  await withStreams({ script: 'quiet', side, topic, ledger, count: streams, knobs }, async () => {
    say('quiet', side, `nobody publishes for ${knobs.quietS} s`)
    await pause(knobs.quietS * 1000)
    // Whoever was cut is told when to come back, and may be on the way.
    await until(10_000, () => ledger.open >= streams)
    await publish({ ...apiOf(side), topic, ledger, knobs: afterwards, repeats: false })
  })
  judge(rowHere(side))
}

function rowHere(side: Side): Row {
  return { ...rowOf('quiet', side, streams), quietS: knobs.quietS }
}

export function quietRows(): Row[] {
  return sides.map(rowHere)
}

export function handleSummary(): Record<string, string> {
  return summary('quiet', quietRows())
}
