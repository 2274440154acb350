import { setTimeout as pause } from 'node:timers/promises'
import { read } from '../events.ts'
import type { Return, Side } from '../observations.ts'
import type { Question } from './ask.ts'
import type { Clock } from './clock.ts'
import { Recorder } from './recorder.ts'

// A server that has something to replay has it at hand.
const withinMs = 2000

/** Comes back with ids that a server may know, and with two that it may not expect, all at once. */
export async function comeBack(
  question: Question,
  side: Side,
  lastId: string | undefined,
  clock: Clock,
): Promise<Return[]> {
  const asked: [Return['sent'], string][] = [
    // UTF-8 in a header, byte by byte, as a browser sends it.
    ['non-ASCII', Buffer.from('é').toString('latin1')],
    ['4 kB', '9'.repeat(4096)],
  ]
  if (lastId !== undefined) asked.unshift(['last id', Buffer.from(lastId).toString('latin1')])
  const streams = asked.map(([sent, lastEventId]) => {
    const headers = { ...question.headers, 'last-event-id': lastEventId }
    return { sent, lastEventId, recorder: new Recorder({ ...question, headers }, side, 'plain', clock) }
  })
  await pause(withinMs)
  return streams.map(({ sent, lastEventId, recorder }) => {
    recorder.close()
    const { status, failure, openedAtMs } = recorder.recording
    return {
      side,
      sent,
      lastEventId,
      openedAtMs,
      ...(status === undefined ? {} : { status }),
      ...(failure === undefined ? {} : { failure }),
      ids: read(recorder.recording).events.map(({ id }) => id),
    }
  })
}
