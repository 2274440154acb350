import { setTimeout as pause } from 'node:timers/promises'
import type { Observations } from '../observations.ts'
import type { Question } from './ask.ts'
import type { Clock } from './clock.ts'
import { Recorder } from './recorder.ts'

const step = 25
const withinMs = 5000

/** Opens more and more streams until one does not open, or all are open. Closes them. */
export async function openMany(
  question: Question,
  wanted: number,
  clock: Clock,
): Promise<NonNullable<Observations['many']>> {
  const streams: Recorder[] = []
  let bad: Recorder | undefined
  try {
    while (streams.length < wanted && bad === undefined) {
      const size = Math.min(step, wanted - streams.length)
      const batch = Array.from({ length: size }, () => new Recorder(question, 'through', 'plain', clock))
      streams.push(...batch)
      const end = clock() + withinMs
      while (clock() < end && batch.some(stream => !stream.answered)) await pause(20)
      bad = streams.find(({ open, recording }) => !open || recording.status !== 200)
    }
  } finally {
    for (const stream of streams) stream.close()
  }
  const opened = streams.filter(({ recording: { status, failure, end } }) => {
    return status === 200 && failure === undefined && end === undefined
  }).length
  return { wanted, opened, first: bad === undefined ? undefined : fateOf(bad) }
}

function fateOf({ recording: { status, failure, end } }: Recorder): string {
  if (failure !== undefined) return failure.text
  if (status === undefined) return `hangs without an answer for ${withinMs / 1000} s`
  return end === undefined ? `answered ${status}` : `answered ${status}, then ended`
}
