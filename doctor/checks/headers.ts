import { median, time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { before, proxyName, server, streamsOf, unknown } from '../layers.ts'
import type { Kind, Observations, Recording, Side } from '../observations.ts'
import { notSeen, ok, type Check, type Finding } from './check.ts'

const check = 'held headers'

// Between "as the server sent them" and "held" lies this much, so that a busy machine moves no verdict.
const differenceMs = 300
/** A server that needs longer than this for its headers waits for something. */
const slowMs = 1000

// What comes within this time comes together.
const burstMs = 50

type Seen = {
  /** Undefined: none came while the comparison lasted. */
  ms: number | undefined
  /** Whether the body's first bytes came in the same moment. */
  withBody: boolean
  /** Whether they waited for those bytes, as far as one can tell. */
  waits: boolean
  waitedMs: number
}

/** Do the headers, and with them EventSource's onopen, come before the first event? */
export const heldHeaders: Check = seen => {
  const through = look(seen, 'through', 'plain')
  if (through === undefined) return [notSeen(check, 'no stream opened')]
  const direct = seen.direct === undefined ? undefined : look(seen, 'direct', 'plain')
  const first = direct ?? through
  // The answer to a POST often begins when the server has something to say, and nobody waits for its onopen.
  if ((first.ms ?? Infinity) > slowMs && first.waits && seen.method === 'GET') {
    const layer = direct === undefined ? unknown(seen) : server(seen)
    return [line(seen, first, undefined, layer, fix('headers', 'server'))]
  }
  if (direct === undefined) return [ok(check, 'the headers come at once', told(through))]
  const packed = look(seen, 'through', 'packed')
  const late = [through, packed].find(stream => stream !== undefined && later(stream, direct))
  if (late === undefined)
    return [ok(check, 'the headers come at once', `${told(through)}, direct ${told(direct)}`)]
  const compressed = late === packed
  const cure = fix(compressed ? 'compressed headers' : 'headers', proxyName(seen))
  return [line(seen, late, direct, before(seen), cure, compressed)]
}

function look(seen: Observations, side: Side, kind: Kind): Seen | undefined {
  const streams = streamsOf(seen, side, kind)
  if (streams.length === 0) return undefined
  const waitedMs = seen.window.toMs - seen.window.fromMs
  const ms = median(streams.map(stream => waited(stream) ?? Infinity)) ?? Infinity
  const withBody = streams.every(({ headersAtMs, wire }) => {
    return headersAtMs === undefined || (wire[0] !== undefined && wire[0].atMs - headersAtMs < burstMs)
  })
  // A server that greets, and greets late, is slow: it waited for no event.
  const waits = withBody && !streams.every(greets)
  return { ms: ms === Infinity ? undefined : ms, withBody, waits, waitedMs }
}

/** Whether what came with the headers is what servers write when a stream opens: a comment or `retry:`, and at most one event. */
function greets({ pieces }: Recording): boolean {
  const first = pieces[0]?.atMs ?? 0
  const burst = Buffer.concat(pieces.filter(({ atMs }) => atMs - first < burstMs).map(({ bytes }) => bytes))
  const text = burst.toString()
  return /^(?::|retry:)/.test(text) && (text.match(/^data/gm) ?? []).length <= 1
}

function waited({ headersAtMs, openedAtMs }: Recording): number | undefined {
  return headersAtMs === undefined ? undefined : headersAtMs - openedAtMs
}

function later(stream: Seen, direct: Seen): boolean {
  const ms = stream.ms ?? stream.waitedMs
  return stream.waits && ms - (direct.ms ?? stream.waitedMs) > differenceMs
}

function told({ ms, waitedMs }: Seen): string {
  return ms === undefined ? `none in ${time(waitedMs)}` : time(ms)
}

function line(
  seen: Observations,
  late: Seen,
  direct: Seen | undefined,
  layer: string,
  cure: string,
  compressed = false,
): Finding {
  const { ms, withBody } = late
  const who = direct === undefined && seen.direct !== undefined ? 'direct' : 'through'
  const how = compressed ? ' (with Accept-Encoding)' : ''
  const came = ms === undefined ? '' : withBody ? ', together with the first bytes of the body' : ''
  return {
    check,
    verdict: 'BROKEN',
    layer,
    cause: `the headers wait for the first event${how}: EventSource is not open until then, and a quiet stream never is`,
    fix: cure,
    evidence: `${who} ${told(late)}${came}${direct === undefined ? '' : `, direct ${told(direct)}`}`,
  }
}
