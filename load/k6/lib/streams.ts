import { EventSource, type Ledger } from 'k6/x/eventsource'
import { apiOf } from './api.ts'
import { streamOf } from './given.ts'
import type { Knobs } from './knobs.ts'
import type { Side } from './sides.ts'
import { until } from './until.ts'
import type { Script } from './verdict.ts'

const reasonsMax = 3

/** A topic that no other run uses: what a former one left in the log is none of our business. */
export function freshTopic(script: string, { name }: Side): string {
  const unique = `${Date.now()}-${Math.random().toString(36).slice(2, 8)}`
  // In a path of somebody else's server a slash may mean more than a slash.
  return name === 'given' ? `load-${script}-${unique}` : `load/${script}/${unique}`
}

export type StreamsParts = {
  script: Script
  side: Side
  topic: string
  ledger: Ledger
  count: number
  knobs: Pick<Knobs, 'completeS'>
}

/** Says how far a script is: without a terminal there is no other sign of it. */
export function say(script: Script, { name }: Side, text: string): void {
  console.log(`${script}, ${name}: ${text}`)
}

/**
 * Opens streams and keeps them open while `act` runs; then waits until every acknowledged event has come, at most for
 * COMPLETE, or on the broken side until nothing more comes; settles the ledger and closes the streams. An event costs no JavaScript: the ledger takes it in the goroutine that reads.
 */
export async function withStreams(
  { script, side, topic, ledger, count, knobs }: StreamsParts,
  act: () => Promise<void>,
): Promise<void> {
  const api = apiOf(side)
  const address = streamOf(api, topic)
  const sources = Array.from(
    { length: count },
    () => new EventSource(address, { ledger, headers: api.headers }),
  )
  for (const source of sources.slice(0, reasonsMax)) {
    source.addEventListener('error', ({ status, message }) => {
      if (ledger.ready === 0) console.warn(`${address} does not open: ${status || ''} ${message}`)
    })
  }
  // A stream that does not open is told by the verdict; the others go on.
  await until(10_000 + count * 5, () => ledger.ready >= count)
  say(script, side, `${ledger.ready} of ${count} streams are open`)
  if (ledger.ready > 0) await act()
  if (side.expects === 'delivery') await until(knobs.completeS * 1000, () => ledger.missing() === 0)
  else await untilStill(ledger)
  say(script, side, `all is published; ${ledger.missing()} deliveries have not come`)
  ledger.settle()
  for (const source of sources) source.close()
}

// On the broken side something is always missing: when nothing has come for two seconds, it will not.
async function untilStill(ledger: Ledger): Promise<void> {
  for (let before = NaN; ledger.missing() !== before;) {
    before = ledger.missing()
    await until(2000, () => ledger.missing() === 0)
  }
}
