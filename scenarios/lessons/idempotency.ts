import { randomUUID } from 'node:crypto'
import { post, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { publishMany } from '../rig/published.ts'
import { scenario } from '../scenario.ts'

const topic = 'once'

export const idempotency = scenario({
  name: 'idempotency',
  title: 'A publish that is repeated arrives twice',
  symptom: 'Duplicate events after a timeout or a 503: the publisher repeated what had arrived already.',
  switch: 'a publisher that sends no Idempotency-Key, against one that does. The server is the same',
  because:
    'When the answer to a publish is lost, its publisher cannot know whether the event was. Giving up may lose it, repeating may double it. The XADD that was on its way when the answer was given up took effect.',
  fix: 'The publisher gives each event a key of its own, and repeats with the same key. Key and event enter Redis in one step.',
  code: [
    { file: 'server/src/bus/streams/publish.lua', text: "redis.call('HGET', known_keys, key)" },
    { file: 'server/src/http/publisher.ts', text: 'const once = readOnce(key, grant?.subject)' },
  ],
  sides: { broken: { hasKey: false }, fixed: { hasKey: true } },
  async measure(rig, { hasKey }) {
    const redis = await rig.redis()
    const { link, port } = await rig.link(redis.address)
    // The server gives up before the answer can be back: that takes twice the delay.
    const [timeoutMs, delayMs] = [rig.ms(700, 1500), 900]
    const server = await rig.server({
      REDIS_URL: `redis://127.0.0.1:${port}`,
      PUBLISH_TIMEOUT_MS: `${timeoutMs}`,
    })
    await using stream = await TestStream.openGreeted(`${server.url}/events?topic=${topic}`)
    const event = { topic, data: 'order 4711' }
    const headers: Record<string, string> = hasKey ? { 'idempotency-key': randomUUID() } : {}

    await link.slow(delayMs, 0)
    const first = await post(server.url, event, headers)
    await until('Redis to have it all the same', 5000, async () => {
      return (await redis.ask('xlen', 'sse-lab:log')) === '1'
    })
    await link.mend()
    const { id: firstId = '' } = await stream.next(() => true, { withinMs: 5000 })
    const repeated = await publish(server.url, event, headers)
    const [closing] = await publishMany(server.url, topic, 1)
    await stream.next(({ id }) => id === closing, { withinMs: 3000 })
    const copies = stream.events.filter(({ data }) => data === event.data).map(({ id }) => id)
    return { first: first.status, firstId, repeatedId: repeated.id, copies }
  },
  judge: {
    broken: ({ first, firstId, repeatedId, copies }) => ({
      predicted: 'answered 503 and then 202: 2 events of 1',
      measured: `answered ${first} and then 202: ${copies.length} events of 1`,
      holds: first === 503 && copies.join() === [firstId, repeatedId].join() && firstId !== repeatedId,
      evidence: `the publish without an answer took effect as ${firstId}, its repetition as ${repeatedId}`,
    }),
    fixed: ({ first, firstId, repeatedId, copies }) => ({
      predicted: 'answered 503 and then 202: 1 event of 1',
      measured: `answered ${first} and then 202: ${copies.length} event of 1`,
      holds: first === 503 && copies.join() === firstId && firstId === repeatedId,
      evidence: `the repetition was answered with the id of the first, ${firstId}`,
    }),
  },
})
