import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { idsOf, missing, publishMany } from '../rig/published.ts'
import { scenario } from '../scenario.ts'

const deafCount = 20

export const pubsubReconnect = scenario({
  name: 'pubsub-reconnect',
  title: 'Pub/Sub loses what is published while a worker’s link is down',
  symptom:
    'A few events are missing on all streams of one worker, around a Redis restart or a network hiccup. No error, no reconnect in the browser.',
  switch: 'BUS=pubsub against BUS=streams; the worker’s listening link is cut, its publishing link is not',
  because:
    'PUBLISH reaches the connections that are subscribed in that instant. A client library subscribes again by itself; it cannot bring back what it did not hear. The stream to the browser stays open all the while.',
  fix: 'Read a log from your own cursor: after a reconnect the next XREAD goes on where the last one stopped.',
  code: [
    { file: 'server/src/bus/streams/log-reader.ts', text: 'this.#redisLog.read(this.#chain.cursor' },
    { file: 'server/src/bus/pubsub.ts', text: 'At most once' },
  ],
  sides: { broken: 'pubsub', fixed: 'streams' },
  async measure(rig, bus) {
    const redis = await rig.redis()
    const server = await rig.server({ BUS: bus, REDIS_URL: redis.url })
    await using stream = await TestStream.openGreeted(`${server.url}/events?topic=t`)
    const before = await publishMany(server.url, 't', 1)
    await stream.next(({ id }) => id === before[0], { withinMs: 3000 })

    // Redis refuses the listening commands, so that the link stays down for as long as we publish.
    rig.defer(async () => void (await redis.ask('acl', 'setuser', 'default', '+@all')))
    await redis.ask('acl', 'setuser', 'default', '-subscribe', '-xread')
    const listeners = (await redis.ask('client', 'list'))
      .split('\n')
      .filter(line => line.includes('/listener'))
      .map(line => /id=(\d+)/.exec(line)?.[1] ?? '')
    for (const id of listeners) await redis.ask('client', 'kill', 'id', id)
    const deaf = await publishMany(server.url, 't', deafCount)
    await redis.ask('acl', 'setuser', 'default', '+@all')

    const heard = await until('an event to be heard again', 5000, async () => {
      const [id = ''] = await publishMany(server.url, 't', 1)
      return await stream.next(event => event.id === id, { withinMs: 200 }).catch(() => undefined)
    })
    return {
      links: listeners.length,
      missed: missing(deaf, idsOf(stream)),
      deaf,
      gaps: stream.gaps.length,
      open: heard.id !== undefined && stream.ending === undefined,
    }
  },
  judge: {
    broken: ({ links, missed, deaf, open }) => ({
      predicted: `${deafCount} of ${deafCount} lost, and the stream stays open`,
      measured: `${missed.length} of ${deafCount} lost`,
      holds: links === 1 && open && missed.join() === deaf.join(),
      evidence: 'lost are exactly those published while the link was down',
    }),
    fixed: ({ links, missed, gaps, open }) => ({
      predicted: 'none lost, and no gap',
      measured: `${missed.length} of ${deafCount} lost`,
      holds: links === 1 && open && missed.length === 0 && gaps === 0,
    }),
  },
})
