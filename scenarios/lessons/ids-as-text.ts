import { TestStream } from '@sse-lab/testkit/stream.ts'
import { comeBack, idsOf, missing, publishBefore, publishMany } from '../rig/published.ts'
import { scenario } from '../scenario.ts'

const eventCount = 20
const seenCount = 9

export const idsAsText = scenario({
  name: 'ids-as-text',
  title: 'Ids compared as text skip events',
  symptom:
    'Replay works in every test; under bursts a client that comes back misses events, or gets old ones again. It is always around the tenth event of a millisecond.',
  switch: 'naive/ids-as-text.ts (id > lastId as strings) against ids.ts, with the same ids from Redis',
  because:
    'An id of a Redis stream is ms-seq, two numbers. As text "17-10" comes before "17-9", and "999-0" after "1000-0": what follows the ninth event of a millisecond looks older than it.',
  fix: 'Compare the two numbers, in one place, and keep ids opaque everywhere else.',
  code: [{ file: 'server/src/bus/streams/ids.ts', text: 'export function compareIds' }],
  sides: {
    broken: { file: 'scenarios/naive/ids-as-text.ts', log: 'naive:log' },
    fixed: { file: 'server/src/main.ts', log: 'sse-lab:log' },
  },
  async measure(rig, { file, log }) {
    const redis = await rig.redis()
    const server = await rig.process(file, { REDIS_URL: redis.url })
    const url = `${server.url}/events?topic=t`
    await using stream = await TestStream.openGreeted(url)
    await publishMany(server.url, 't', 1)
    // From an id in the future Redis goes on counting within its millisecond, as it does in a burst.
    const future = Date.now() + 3_600_000
    await redis.ask('xsetid', log, `${future}-0`)

    const published = await publishBefore(stream, server.url, 't', eventCount)
    const last = published[seenCount - 1] ?? ''
    await using back = await comeBack(url, last)
    const [closing = ''] = await publishMany(server.url, 't', 1)
    await back.next(({ id }) => id === closing, { withinMs: 3000 })
    const due = published.slice(seenCount)
    return { last, due, missed: missing(due, idsOf(back)), gaps: back.gaps.length }
  },
  judge: {
    broken: ({ last, due, missed }) => {
      const smallerAsText = due.filter(id => id <= last)
      return {
        predicted: `${smallerAsText.length} of ${due.length} skipped: all that are smaller as text`,
        measured: `${missed.length} of ${due.length} skipped`,
        holds: missed.length > 0 && missed.join() === smallerAsText.join(),
        evidence: `"${missed[0]}" < "${last}"`,
      }
    },
    fixed: ({ due, missed, gaps }) => ({
      predicted: 'none skipped',
      measured: `${missed.length} of ${due.length} skipped`,
      holds: missed.length === 0 && gaps === 0,
    }),
  },
})
