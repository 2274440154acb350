import { read } from '../events.ts'
import { time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { livedUntil } from '../lags.ts'
import { before, proxyName, streamsOf } from '../layers.ts'
import type { Observations, Side } from '../observations.ts'
import { notSeen, ok, type Check } from './check.ts'
import { heldMs } from './held.ts'

const check = 'large events'

/** Does an event of some kilobytes come whole, although nothing follows it? */
export const largeEvents: Check = seen => {
  const big = seen.published?.find(({ mark }) => mark.startsWith('big-'))
  if (big === undefined || seen.direct === undefined) {
    return [notSeen(check, 'needs PUBLISH= and DIRECT=')]
  }
  const direct = arrival(seen, 'direct', big.mark)
  if (direct === undefined) {
    return [notSeen(check, `the event of 6 kB did not come directly${big.problem ? `: ${big.problem}` : ''}`)]
  }
  const through = arrival(seen, 'through', big.mark)
  const awaitedMs = livedUntil(streamsOf(seen, 'through', 'plain'), seen.window.toMs)
  const lateMs = (through ?? awaitedMs) - direct
  if (lateMs < heldMs) {
    return through === undefined
      ? [notSeen(check, 'the event of 6 kB came too late to judge, or when all streams had ended')]
      : [ok(check, 'an event of 6 kB comes whole', `${time(Math.max(0, lateMs))} after the direct one`)]
  }
  const begun = streamsOf(seen, 'through', 'plain').reduce((most, { wire }) => {
    const since = wire.filter(({ atMs }) => atMs >= big.sentAtMs && atMs < (through ?? Infinity))
    return Math.max(
      most,
      since.reduce((sum, { bytes }) => sum + bytes.length, 0),
    )
  }, 0)
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: before(seen),
      cause: 'the end of a large event waits in a buffer for whatever comes next',
      fix: fix('big', proxyName(seen)),
      evidence: `an event of 6 kB: ${begun.toLocaleString('en')} B of it came, the rest ${
        through === undefined ? `not in ${time(lateMs)}` : `after ${time(lateMs)}`
      }`,
    },
  ]
}

function arrival(seen: Observations, side: Side, mark: string): number | undefined {
  const times = streamsOf(seen, side, 'plain').flatMap(stream => {
    const found = read(stream).events.find(({ data }) => data.includes(mark))
    return found === undefined ? [] : [found.atMs]
  })
  return times.length === 0 ? undefined : Math.min(...times)
}
