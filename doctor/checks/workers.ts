import { read } from '../events.ts'
import { before, server, streamsOf, unknown } from '../layers.ts'
import type { Observations, Published, Side } from '../observations.ts'
import { notSeen, ok, type Check } from './check.ts'
import { heldEvents } from './held.ts'

const check = 'workers'

/** Does each published event reach every stream that was open? */
export const workers: Check = seen => {
  const sent = seen.published?.filter(
    ({ problem, mark }) => problem === undefined && !mark.startsWith('big-'),
  )
  if (sent === undefined) return [notSeen(check, 'PUBLISH= is not given')]
  if (sent.length === 0) return [notSeen(check, `publishing failed: ${seen.published?.[0]?.problem ?? ''}`)]
  const direct = seen.direct === undefined ? [] : reached(seen, 'direct', sent)
  const through = reached(seen, 'through', sent)
  // Through a proxy that holds events back nothing can be said of workers.
  const held = heldEvents(seen).some(({ verdict }) => verdict === 'BROKEN')
  const judged = direct.some(one => one.heard > 0) ? direct : through
  if (judged.every(({ heard }) => heard === 0)) {
    return [notSeen(check, `${sent.length} events were published, and no stream heard one`)]
  }
  const partlyDirect = partial(direct)
  const partly = partlyDirect.length > 0 || held ? partlyDirect : partial(through)
  const [worst] = partly.toSorted((a, b) => a.heard - b.heard)
  // A straggler is no pattern: one event of eight that missed a stream may have met a stream that just opened.
  if (worst === undefined || partly.length * 2 <= judged.length) {
    return [
      ok(
        check,
        'every event reaches every stream',
        `${sent.length} events on ${judged[0]?.streams ?? 0} streams`,
      ),
    ]
  }
  return [
    {
      check,
      verdict: 'BROKEN',
      layer:
        seen.direct === undefined ? unknown(seen) : partlyDirect.length > 0 ? server(seen) : before(seen),
      cause:
        'an event reaches only some of the streams: the processes behind this address do not share events',
      fix: 'send every event to every process through a bus (Redis, NATS, Postgres NOTIFY)',
      evidence: `${partly.length} of ${judged.length} events reached only some streams, like ${worst.heard} of ${worst.streams}`,
    },
  ]
}

/** Events that some streams heard, and others did not. */
function partial(of: Reached[]): Reached[] {
  return of.filter(({ heard, streams }) => heard > 0 && heard < streams)
}

type Reached = { heard: number; streams: number }

function reached(seen: Observations, side: Side, sent: Published[]): Reached[] {
  const streams = streamsOf(seen, side, 'plain').filter(
    ({ end }) => end === undefined || end.atMs > seen.window.toMs,
  )
  const data = streams.map(stream => read(stream).events.map(event => event.data))
  return sent.map(({ mark }) => ({
    heard: data.filter(all => all.some(text => text.includes(mark))).length,
    streams: streams.length,
  }))
}
