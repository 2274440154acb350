import { median, quantile, time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { lags, sharingOf } from '../lags.ts'
import { before, proxyName, streamsOf } from '../layers.ts'
import type { Observations, Side } from '../observations.ts'
import { notSeen, ok, type Check } from './check.ts'
import { heldMs } from './held.ts'

const check = 'steady delay'
const eventsMin = 5
// HAProxy's Nagle and the client's delayed acknowledgement make 40 to 250 ms; a proxy on a busy machine adds under 20.
const delayMs = 100
// At least three of four events have most of it: a few slow ones are a busy machine.
const quarterMs = 60

/** Does each event come somewhat later than directly? */
export const steadyDelay: Check = seen => {
  if (seen.direct === undefined) return [notSeen(check, 'DIRECT= is not given: nothing to compare with')]
  if (seen.method !== 'GET') return [notSeen(check, 'each answer to a POST has events of its own')]
  const found = lags(
    streamsOf(seen, 'through', 'plain'),
    streamsOf(seen, 'direct', 'plain'),
    seen.window.toMs,
  )
    .filter(({ arrived, lagMs }) => arrived && lagMs < heldMs)
    .map(({ lagMs }) => lagMs - furtherMs(seen))
  if (found.length < eventsMin) {
    return [notSeen(check, `${found.length} events to compare, ${eventsMin} are needed: PUBLISH= makes some`)]
  }
  const middle = median(found) ?? 0
  const quarter = quantile(found, 0.25) ?? 0
  const evidence = `median of ${found.length} events ${time(Math.max(0, middle))}, a quarter under ${time(Math.max(0, quarter))}`
  if (middle < delayMs || quarter < quarterMs)
    return [ok(check, 'events are not slower than directly', evidence)]
  // What begins with each stream is later where the stream begins later, and that is no delay.
  const sharing = sharingOf(streamsOf(seen, 'direct', 'plain'), streamsOf(seen, 'direct', 'younger'))
  if (sharing === 'own') {
    return [
      notSeen(check, 'each stream has events of its own, which begin with it: PUBLISH= makes some for all'),
    ]
  }
  if (sharing === 'unknown') {
    return [
      notSeen(check, 'all events look alike, so they may begin with each stream: PUBLISH= makes others'),
    ]
  }
  const name = proxyName(seen)
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: before(seen),
      cause: `every event comes ${time(middle)} later than directly: small packets wait for an acknowledgement`,
      fix: fix('delay', name),
      evidence,
    },
  ]
}

/** How much further away the proxy is: the difference of the times that TCP took to connect. */
function furtherMs(seen: Observations): number {
  const of = (side: Side) =>
    median(
      streamsOf(seen, side, 'plain').flatMap(({ connectedAtMs, openedAtMs }) => {
        return connectedAtMs === undefined ? [] : [connectedAtMs - openedAtMs]
      }),
    ) ?? 0
  return Math.max(0, of('through') - of('direct'))
}
