import { TestStream } from '@sse-lab/testkit/stream.ts'
import { comeBack, idsOf, missing, publishBefore, publishMany } from '../rig/published.ts'
import { scenario } from '../scenario.ts'

const keptCount = 10
const awayCount = 25

export const trimmedHistory = scenario({
  name: 'trimmed-history',
  title: 'Old events are trimmed and the client is not told',
  symptom:
    'A client that was away for long comes back, gets some events, and shows a state that never was. Nothing in any log.',
  switch: `naive/trimmed-history.ts (XRANGE from the last id) against the tail, both keep ${keptCount} events`,
  because:
    'XRANGE after an id answers with what there is after it, whether that id and its successors are still there or were trimmed. The answer looks like a complete one.',
  fix: 'Look whether the client’s position is still in the history. If not, say `gap`, so that it can fetch the whole state anew.',
  code: [{ file: 'server/src/hub/tail.ts', text: 'startAfter(' }],
  sides: {
    broken: 'scenarios/naive/trimmed-history.ts',
    fixed: 'server/src/main.ts',
  },
  async measure(rig, file) {
    const redis = await rig.redis()
    const server = await rig.process(file, { REDIS_URL: redis.url, LOG_EVENTS_MAX: String(keptCount) })
    const url = `${server.url}/events?topic=t`
    await using witness = await TestStream.openGreeted(url)
    const [last = ''] = await publishBefore(witness, server.url, 't', 1)
    const away = await publishBefore(witness, server.url, 't', awayCount)
    await using back = await comeBack(url, last)
    const [closing = ''] = await publishMany(server.url, 't', 1)
    await back.next(({ id }) => id === closing, { withinMs: 3000 })
    const missed = missing(away, idsOf(back))
    return { missed, oldest: missed.join() === away.slice(0, missed.length).join(), gaps: back.gaps.length }
  },
  judge: {
    broken: ({ missed, oldest, gaps }) => ({
      predicted: `the oldest ${awayCount - keptCount} of ${awayCount} missed, and nobody says so`,
      measured: `${missed.length} of ${awayCount} missed, told of ${gaps} gaps`,
      holds: missed.length === awayCount - keptCount && oldest && gaps === 0,
    }),
    fixed: ({ missed, oldest, gaps }) => ({
      predicted: `as many missed, and told so by one gap`,
      measured: `${missed.length} of ${awayCount} missed, told of ${gaps} gap`,
      holds: missed.length === awayCount - keptCount && oldest && gaps === 1,
    }),
  },
})
