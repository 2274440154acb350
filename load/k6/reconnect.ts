import { apiOf } from './lib/api.ts'
import { judge } from './lib/gate.ts'
import { readKnobs } from './lib/knobs.ts'
import { publish } from './lib/publish.ts'
import { freshTopic, say, withStreams } from './lib/streams.ts'
import { openLedger, optionsFor, rowOf, sideHere } from './lib/scenario.ts'
import { readSides } from './lib/sides.ts'
import { summary } from './lib/summary.ts'
import { grid } from './lib/grid.ts'
import { until } from './lib/until.ts'

/**
 * Streams are cut and workers reloaded while events flow: what is lost, and how is the herd spread that comes back?
 *
 * This script only reads and publishes. Who strikes stands in the Makefile (load-reconnect), or is you.
 */
const knobs = readKnobs(__ENV)
const sides = readSides(__ENV)

export const options = optionsFor(
  'reconnect',
  sides,
  knobs.durationS + knobs.completeS + 60 + knobs.streams / 100,
)

export async function reconnect(): Promise<void> {
  const side = sideHere(sides)
  const ledger = openLedger('reconnect', side, knobs.streams)
  const topic = freshTopic('reconnect', side)
  await withStreams({ script: 'reconnect', side, topic, ledger, count: knobs.streams, knobs }, async () => {
    say('reconnect', side, 'events flow: strike now')
    await publish({ ...apiOf(side), topic, ledger, knobs, repeats: true })
    await until(15_000, () => ledger.open >= knobs.streams)
  })
  judge(rowOf('reconnect', side, knobs.streams))
}

export function handleSummary(): Record<string, string> {
  const rows = sides.map(side => rowOf('reconnect', side, knobs.streams))
  const herd = rows.map(({ side, report }) => [
    side.name,
    `${report.cuts}`,
    `${report.returns}`,
    `${report.returnsPeakPer100Ms}`,
    report.returnsMeanPer100Ms.toFixed(1),
    `${report.attempts - report.published}`,
  ])
  const titles = ['herd', 'cut', 'returned', 'most in 100 ms', 'on average', 'publishes repeated']
  return summary('reconnect', rows, { text: grid([titles, ...herd]) })
}
