import { read } from '../events.ts'
import { server, unknown } from '../layers.ts'
import type { Observations, Return } from '../observations.ts'
import { notSeen, ok, type Check, type Finding } from './check.ts'

const check = 'resume'

/** Does a client that comes back get what it missed, and is it taken in whatever its last id is? */
export const resume: Check = seen => [...replay(seen), ...odd(seen)]

function replay(seen: Observations): Finding[] {
  const back = seen.returns.find(({ sent }) => sent === 'last id')
  if (back === undefined) return [notSeen(check, 'no event with an id came')]
  if (back.status !== 200) return [refused(seen, back)]
  // What comes by itself is no answer to the last id: only what had come before is sent again.
  const before = new Set(
    seen.streams
      .flatMap(stream => read(stream).events)
      .filter(({ atMs }) => atMs < back.openedAtMs)
      .map(({ id }) => id)
      .filter(id => id !== ''),
  )
  if (before.size < 2)
    return [notSeen(check, 'one event with an id came, and nothing after it to send again')]
  const replayed = back.ids.filter(id => id !== back.lastEventId && before.has(id)).length
  if (replayed > 0)
    return [ok(check, 'what was missed is sent again', `${replayed} events after ${back.lastEventId}`)]
  return [
    {
      check,
      verdict: 'RISK',
      layer: layerOf(seen),
      cause: 'events have ids, but nothing is sent again to a client that comes back: what it missed is lost',
      fix: 'on Last-Event-ID, send the events after that id first',
      evidence: `Last-Event-ID: ${back.lastEventId.slice(0, 60)} brought nothing in 2 s`,
    },
  ]
}

function odd(seen: Observations): Finding[] {
  return seen.returns
    .filter(({ sent, status, failure }) => {
      return sent !== 'last id' && (failure !== undefined || (status !== undefined && status !== 200))
    })
    .slice(0, 1)
    .map(back => refused(seen, back))
}

function refused(seen: Observations, { sent, status, failure }: Return): Finding {
  return {
    check,
    verdict: 'RISK',
    layer: layerOf(seen),
    cause:
      'a client with a Last-Event-ID that the server does not know is refused: its EventSource ends for good',
    fix: 'take an unknown Last-Event-ID for none',
    evidence: `Last-Event-ID (${sent}): ${status ?? failure?.text ?? 'no answer'}`,
  }
}

function layerOf(seen: Observations): string {
  return seen.direct === undefined ? unknown(seen) : server(seen)
}
