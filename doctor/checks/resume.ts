import { read } from '../events.ts'
import { before, server, unknown } from '../layers.ts'
import type { Observations, Return } from '../observations.ts'
import { notSeen, ok, type Check, type Finding } from './check.ts'

const check = 'resume'

/** Does a client that comes back get what it missed, and is it taken in whatever its last id is? */
export const resume: Check = seen => [...replay(seen), ...odd(seen)]

function replay(seen: Observations): Finding[] {
  const [through, direct] = (['through', 'direct'] as const).map(side => {
    return seen.returns.find(back => back.side === side && back.sent === 'last id')
  })
  const back = direct ?? through
  if (back === undefined) return [notSeen(check, 'no event with an id came')]
  if (back.status !== 200) return [refused(seen, back, layerOf(seen))]
  const replayed = replayedTo(seen, back)
  if (replayed === undefined) {
    return [notSeen(check, 'one event with an id came, and nothing after it to send again')]
  }
  if (replayed === 0) {
    return [
      {
        check,
        verdict: 'RISK',
        layer: layerOf(seen),
        cause:
          'events have ids, but nothing is sent again to a client that comes back: what it missed is lost',
        fix: 'on Last-Event-ID, send the events after that id first',
        evidence: `Last-Event-ID: ${back.lastEventId.slice(0, 60)} brought nothing of them in 2 s`,
      },
    ]
  }
  // A layer that holds events back holds these, too: that is another check's.
  if (through !== undefined && through !== back && through.status === 200 && through.ids.length > 0) {
    if (replayedTo(seen, through) === 0) return [eaten(seen, replayed)]
  }
  return [ok(check, 'what was missed is sent again', `${replayed} events after ${back.lastEventId}`)]
}

function eaten(seen: Observations, replayed: number): Finding {
  return {
    check,
    verdict: 'BROKEN',
    layer: before(seen),
    cause:
      'Last-Event-ID does not get through: what a client missed is lost, although the server would send it again',
    fix: 'pass the request header Last-Event-ID on',
    evidence: `directly ${replayed} events are sent again, through none`,
  }
}

/** How many events that had come before were sent again: what comes by itself is no answer. Undefined: there was none to send. */
function replayedTo(seen: Observations, back: Return): number | undefined {
  const earlier = new Set(
    seen.streams
      .flatMap(stream => read(stream).events)
      .filter(({ atMs }) => atMs < back.openedAtMs)
      .map(({ id }) => id)
      .filter(id => id !== ''),
  )
  if (earlier.size < 2) return undefined
  return back.ids.filter(id => id !== back.lastEventId && earlier.has(id)).length
}

/** One that the server itself refuses is refused through the proxy, too: said once. */
function odd(seen: Observations): Finding[] {
  const bad = seen.returns.filter(({ sent, status, failure }) => {
    return sent !== 'last id' && (failure !== undefined || (status !== undefined && status !== 200))
  })
  const own = bad.find(({ side }) => side === 'direct')
  if (own !== undefined) return [refused(seen, own, layerOf(seen))]
  return bad.slice(0, 1).map(back => {
    return refused(seen, back, seen.direct === undefined ? unknown(seen) : before(seen))
  })
}

function refused(seen: Observations, { sent, status, failure }: Return, layer: string): Finding {
  return {
    check,
    verdict: 'RISK',
    layer,
    cause: 'a client with a Last-Event-ID that is not known there is refused: its EventSource ends for good',
    fix:
      layer === before(seen)
        ? 'larger request headers (nginx: large_client_header_buffers 4 32k;)'
        : 'take an unknown Last-Event-ID for none',
    evidence: `Last-Event-ID (${sent}): ${status ?? failure?.text ?? 'no answer'}`,
  }
}

function layerOf(seen: Observations): string {
  return seen.direct === undefined ? unknown(seen) : server(seen)
}
