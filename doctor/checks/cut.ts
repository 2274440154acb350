import { median, time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { before, proxyName, server, streamsOf, unknown } from '../layers.ts'
import { matching } from '../limits.ts'
import type { Observations, Recording, Side } from '../observations.ts'
import { notSeen, ok, type Check, type Finding } from './check.ts'

const check = 'cut'

/** One stream's end: how old it was, and how long nothing had come. */
export type Cut = { ageMs: number; silenceMs: number; atMs: number; clean: boolean }

type Kind = 'idle' | 'total' | 'restart' | 'either'

/** Does something end streams, and by which clock: since the last byte, or since the beginning? */
export const cut: Check = seen => {
  const through = cutsOf(seen, 'through')
  const direct = cutsOf(seen, 'direct')
  const lived = Math.max(
    0,
    ...alive(seen, 'through').map(stream => lastSeen(seen, stream) - stream.openedAtMs),
  )
  if (through.length === 0) {
    if (seen.quietMs === 0) return [notSeen(check, `watched for ${time(lived)} only (--quick)`)]
    return [ok(check, `streams live: watched for ${time(lived)}`, longest(seen))]
  }
  if (seen.method !== 'GET' && through.every(({ clean }) => clean)) {
    return [ok(check, 'the answer ends in order', `after ${time(through[0]?.ageMs ?? 0)}`)]
  }
  if (isFinished(seen, through, direct)) return [finished(seen, through)]
  const kind = kindOf(
    through,
    alive(seen, 'through').map(stream => lifeOf(seen, stream)),
  )
  if (kind === 'restart') {
    const at = time(through[0]?.atMs ?? 0)
    return [
      notSeen(check, `all streams ended in the same moment, at ${at}, old and new: something restarted`),
    ]
  }
  return [line(seen, through, direct, kind)]
}

/** An answer that ends in order right behind its last event is over. A limit ends streams at any moment. */
function isFinished(seen: Observations, through: Cut[], direct: Cut[]): boolean {
  const own = seen.direct === undefined || direct.length > 0
  return own && [...through, ...direct].every(({ clean, silenceMs }) => clean && silenceMs < 20)
}

function finished(seen: Observations, through: Cut[]): Finding {
  return {
    check,
    verdict: 'RISK',
    layer: server(seen),
    cause:
      'the server ends the stream in order behind its last event: an EventSource comes back, and starts over',
    fix: 'keep the stream open, or have the client close it at an event that says so',
    evidence: `after ${spread(through.map(one => one.ageMs))}`,
  }
}

function line(seen: Observations, through: Cut[], direct: Cut[], kind: Kind): Finding {
  const isServer = seen.direct !== undefined && alike(through, direct, kind)
  const layer = seen.direct === undefined ? unknown(seen) : isServer ? server(seen) : before(seen)
  const ms = median(through.map(one => (kind === 'total' ? one.ageMs : one.silenceMs))) ?? 0
  const clean = through.every(one => one.clean)
  const known = isServer ? [] : matching(kind === 'total' ? 'total' : 'idle', ms / 1000)
  const name = isServer ? 'server' : proxyName(seen)
  const own = known.find(limit => limit.layer === name) ?? (known.length === 1 ? known[0] : undefined)
  const setting = own === undefined ? '' : ` (${own.layer}: ${own.setting})`
  const cure = fix(kind === 'total' ? 'total' : 'idle', name)
  const clock = {
    total: `a total time limit: streams end after ${time(ms)}, whatever comes`,
    idle: `an idle limit: streams end after ${time(ms)} without a byte`,
    either: `streams end after ${time(ms)} in which nothing came`,
    restart: '',
  }[kind]
  return {
    check,
    verdict: kind === 'total' && isServer && clean && ms >= 60_000 ? 'RISK' : 'BROKEN',
    layer,
    cause: clock,
    fix: cure + setting,
    evidence: `${through.length} streams ${clean ? 'ended in order' : 'cut off'} at ${spread(through.map(one => one.ageMs))} of age, ${spread(through.map(one => one.silenceMs))} after the last byte${
      seen.direct === undefined ? '' : isServer ? ', directly, too' : ', direct ones live on'
    }`,
  }
}

/**
 * Told apart by what does not vary: streams that were opened or heard something at different times end at the same age, or
 * after the same silence. Survivors count, too: one that is older than the others got contradicts a total limit.
 */
export function kindOf(cuts: Cut[], survivors: { ageMs: number; silenceMs: number }[]): Kind {
  const ages = cuts.map(({ ageMs }) => ageMs)
  const silences = cuts.map(({ silenceMs }) => silenceMs)
  const moments = cuts.map(({ atMs }) => atMs)
  const marginMs = 750
  if (range(moments) < 300 && range(ages) > 3000 && cuts.length > 1) return 'restart'
  if (survivors.some(({ ageMs }) => ageMs > Math.max(...ages) + marginMs)) return 'idle'
  if (survivors.some(({ silenceMs }) => silenceMs > Math.max(...silences) + marginMs)) return 'total'
  if (Math.abs(range(ages) - range(silences)) > marginMs)
    return range(ages) < range(silences) ? 'total' : 'idle'
  const age = median(ages) ?? 0
  const silence = median(silences) ?? 0
  // Something came shortly before the end, again and again: no stream was idle.
  if (silence < age / 10 && silence < 5000) return 'total'
  if (age - silence > age / 20) {
    const idle = matching('idle', silence / 1000).length > 0
    const total = matching('total', age / 1000).length > 0
    if (idle !== total) return idle ? 'idle' : 'total'
  }
  return 'either'
}

function alike(through: Cut[], direct: Cut[], kind: Kind): boolean {
  if (direct.length === 0) return false
  const of = (cuts: Cut[]) => median(cuts.map(one => (kind === 'total' ? one.ageMs : one.silenceMs))) ?? 0
  return Math.abs(of(through) - of(direct)) < Math.max(1000, of(direct) * 0.05)
}

function cutsOf(seen: Observations, side: Side): Cut[] {
  return watched(seen, side).flatMap(stream => {
    const { end, openedAtMs } = stream
    if (end === undefined || struck(seen, end.atMs)) return []
    const silenceMs = end.atMs - lastByte(stream)
    return [{ ageMs: end.atMs - openedAtMs, silenceMs, atMs: end.atMs, clean: end.how === 'clean' }]
  })
}

function alive(seen: Observations, side: Side): Recording[] {
  return watched(seen, side).filter(({ end }) => end === undefined || struck(seen, end.atMs))
}

function struck({ strike }: Observations, atMs: number): boolean {
  return strike !== undefined && atMs >= strike.atMs
}

function watched(seen: Observations, side: Side): Recording[] {
  return (['plain', 'late'] as const).flatMap(kind => streamsOf(seen, side, kind))
}

/** The last byte of an answer; before its first one, its headers, or the request. */
function lastByte({ wire, headersAtMs, openedAtMs }: Recording): number {
  return wire.at(-1)?.atMs ?? headersAtMs ?? openedAtMs
}

function lastSeen(seen: Observations, { closedAtMs }: Recording): number {
  return closedAtMs ?? seen.endedAtMs
}

function lifeOf(seen: Observations, stream: Recording): { ageMs: number; silenceMs: number } {
  const until = lastSeen(seen, stream)
  return { ageMs: until - stream.openedAtMs, silenceMs: until - lastByte(stream) }
}

function longest(seen: Observations): string {
  return `the longest silence that they lived through was ${time(longestSilence(seen))}`
}

/** The longest time without a byte that was seen on any stream, ends of streams included. */
export function longestSilence(seen: Observations): number {
  const silences = [...watched(seen, 'through'), ...watched(seen, 'direct')].map(stream => {
    const times = stream.wire.map(({ atMs }) => atMs)
    const until = stream.end?.atMs ?? lastSeen(seen, stream)
    const points = [stream.headersAtMs ?? stream.openedAtMs, ...times, until]
    return Math.max(0, ...points.slice(1).map((at, index) => at - (points[index] ?? at)))
  })
  return Math.max(0, ...silences)
}

function range(numbers: number[]): number {
  return Math.max(...numbers) - Math.min(...numbers)
}

function spread(times: number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)]
  return most - least < 200 ? time(most) : `${time(least)} to ${time(most)}`
}
