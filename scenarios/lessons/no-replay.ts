import { TestStream } from '@sse-lab/testkit/stream.ts'
import { comeBack, idsOf, missing, publishBefore, publishMany } from '../rig/published.ts'
import { scenario } from '../scenario.ts'

const awayCount = 20

export const noReplay = scenario({
  name: 'no-replay',
  title: 'What is published while a client is away is gone',
  symptom:
    'After a train tunnel, a deploy or a closed lid the page shows old data; a reload mends it. EventSource had reconnected by itself.',
  switch: 'BUS=pubsub, which keeps no history, against BUS=streams',
  because:
    'EventSource comes back and says the last id it saw. A server that keeps no history has nothing to answer it with: all that was published meanwhile is missing.',
  fix: 'Ids that are positions in a log, and a replay from the position that the client names.',
  code: [
    { file: 'server/src/http/stream.ts', text: 'hub.open(topics, lastId' },
    { file: 'server/src/hub/tail.ts', text: 'export class Tail' },
  ],
  sides: { broken: 'pubsub', fixed: 'streams' },
  async measure(rig, bus) {
    const server = await rig.server({ BUS: bus, REDIS_URL: (await rig.redis()).url })
    const url = `${server.url}/events?topic=t`
    await using witness = await TestStream.openGreeted(url)
    const [before = ''] = await publishBefore(witness, server.url, 't', 1)
    const away = await publishBefore(witness, server.url, 't', awayCount)

    await using back = await comeBack(url, before)
    const [after = ''] = await publishMany(server.url, 't', 1)
    await back.next(({ id }) => id === after, { withinMs: 3000 })
    return { missed: missing(away, idsOf(back)), away, gaps: back.gaps.length }
  },
  judge: {
    broken: ({ missed, away, gaps }) => ({
      predicted: `${awayCount} of ${awayCount} missed`,
      measured: `${missed.length} of ${awayCount} missed`,
      holds: missed.join() === away.join(),
      evidence: `${gaps} gap event: the lab at least says so, most servers do not`,
    }),
    fixed: ({ missed, gaps }) => ({
      predicted: 'none missed, and no gap',
      measured: `${missed.length} of ${awayCount} missed`,
      holds: missed.length === 0 && gaps === 0,
    }),
  },
})
