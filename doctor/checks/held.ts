import { figuresOf, firstRelease } from '../arrivals.ts'
import { time, size } from '../figures.ts'
import { fix } from '../fixes.ts'
import { lags, sharingOf, sinceBeginning } from '../lags.ts'
import { before, proxyName, streamsOf } from '../layers.ts'
import type { Observations } from '../observations.ts'
import { notSeen, ok, type Check, type Finding } from './check.ts'

const check = 'held events'

/** From here on an event is not slow but held: nothing on a network that works adds a second. */
export const heldMs = 1000

/** Do events come through as they come directly, without compression? */
export const heldEvents: Check = seen => {
  if (seen.direct === undefined) return [notSeen(check, 'DIRECT= is not given: nothing to compare with')]
  const direct = streamsOf(seen, 'direct', 'plain')
  const through = streamsOf(seen, 'through', 'plain')
  const own = sharingOf(direct, streamsOf(seen, 'direct', 'younger')) !== 'shared'
  const all = lags(through, direct, seen.window.toMs)
  const found = own ? sinceBeginning(all) : all
  // One that was only just awaited is not late yet.
  const judged = found.filter(({ arrived, lagMs }) => arrived || lagMs >= heldMs)
  if (judged.length === 0) {
    return [notSeen(check, `no event came within ${time(seen.window.toMs)}: PUBLISH= makes some`)]
  }
  const late = judged.filter(({ lagMs }) => lagMs >= heldMs)
  if (late.length * 2 < judged.length) {
    return [ok(check, 'events come through at once', figuresOf(judged))]
  }
  return [broken(seen, judged.length, late.length, firstRelease(through))]
}

function broken(
  seen: Observations,
  judged: number,
  late: number,
  release: ReturnType<typeof firstRelease>,
): Finding {
  const asked = streamsOf(seen, 'direct', 'plain').some(({ headers }) => {
    return headers['x-accel-buffering']?.toLowerCase() === 'no'
  })
  const name = proxyName(seen)
  const headers = streamsOf(seen, 'through', 'plain').every(stream => stream.headersAtMs === undefined)
  const released =
    release === undefined
      ? `not one byte in ${time(seen.window.toMs)}${headers ? ', not even the headers' : ''}`
      : `first output after ${time(release.afterMs)}, ${size(release.bytes)} at once`
  return {
    check,
    verdict: 'BROKEN',
    layer: before(seen),
    cause: 'events are held back: the layer collects them in a buffer',
    fix: fix('buffering', name === 'nginx' && asked ? 'nginx twice' : name),
    evidence: `${judged - late} of ${judged} events within ${heldMs / 1000} s of the direct stream, ${released}`,
  }
}
