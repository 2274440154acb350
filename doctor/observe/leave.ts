import { setTimeout as pause } from 'node:timers/promises'
import type { Leave, Side } from '../observations.ts'
import type { Question } from './ask.ts'
import type { Clock } from './clock.ts'
import { Recorder } from './recorder.ts'

const streams = 10
// Other clients come and go meanwhile.
const most = 8
const openMsMax = 5000
const pollMs = 100

/** Opens streams and leaves them, and looks how long the server's count of streams takes to notice; at most `watchMs`. */
export async function leave(
  question: Question,
  side: Side,
  count: () => Promise<number | undefined>,
  watchMs: number,
  clock: Clock,
): Promise<Leave> {
  const before = await count()
  if (before === undefined) return { side, problem: 'COUNT gives no number' }
  const opened = Array.from({ length: streams }, () => new Recorder(question, side, 'plain', clock))
  let held = before
  try {
    const end = clock() + openMsMax
    while (clock() < end && held < before + most) {
      await pause(pollMs)
      held = (await count()) ?? held
    }
  } finally {
    for (const stream of opened) stream.close()
  }
  if (held < before + most) {
    return { side, problem: `${streams} streams were opened, and COUNT went from ${before} to ${held}` }
  }
  const leftAtMs = clock()
  while (clock() - leftAtMs < watchMs) {
    const now = (await count()) ?? held
    if (now <= held - most) return { side, noticedMs: clock() - leftAtMs, watchedMs: clock() - leftAtMs }
    await pause(pollMs)
  }
  return { side, watchedMs: clock() - leftAtMs }
}
