import { figuresOf, firstRelease } from '../arrivals.ts'
import { size, time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { lags, type Lag } from '../lags.ts'
import { before, proxyName, server, streamsOf, unknown } from '../layers.ts'
import type { Observations, Side } from '../observations.ts'
import { notSeen, ok, type Check } from './check.ts'
import { heldMs } from './held.ts'

const check = 'held by compression'

/** Do events come to a client that takes gzip, as every browser does, when they come to one that does not? */
export const compression: Check = seen => {
  const through = judge(seen, 'through')
  if (through === undefined) return [notSeen(check, 'no event came to compare with')]
  const [first] = streamsOf(seen, 'through', 'packed')
  const encoding = first?.headers['content-encoding']
  if (!through.held) {
    return [
      ok(
        check,
        encoding ? `${encoding} passes events on at once` : 'nothing compresses the stream',
        figuresOf(through.found),
      ),
    ]
  }
  const own = seen.direct === undefined ? undefined : judge(seen, 'direct')?.held
  const release = firstRelease(streamsOf(seen, 'through', 'packed'))
  const arrived = through.found.filter(({ lagMs }) => lagMs < heldMs).length
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: own === undefined ? unknown(seen) : own ? server(seen) : before(seen),
      cause: `events are held by compression${encoding ? ` (${encoding})` : ''}: it waits for a full block`,
      fix: fix('compression', own ? 'server' : proxyName(seen)),
      evidence: `with Accept-Encoding ${arrived} of ${through.found.length} events within ${heldMs / 1000} s, ${
        release === undefined
          ? `not one byte in ${time(seen.window.toMs)}`
          : `first output ${time(release.afterMs)} after the request, ${size(release.bytes)}`
      }; without it they come at once`,
    },
  ]
}

/** Compressed streams of a side beside plain ones of the same side. Undefined where the plain ones bring nothing, either. */
function judge(seen: Observations, side: Side): { held: boolean; found: Lag[] } | undefined {
  const found = lags(
    streamsOf(seen, side, 'packed'),
    streamsOf(seen, side, 'plain'),
    seen.window.toMs,
  ).filter(({ arrived, lagMs }) => arrived || lagMs >= heldMs)
  if (found.length === 0 || streamsOf(seen, side, 'packed').length === 0) return undefined
  const late = found.filter(({ lagMs }) => lagMs >= heldMs)
  return { held: late.length * 2 >= found.length, found }
}
