import { Redis } from 'ioredis'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const streamCount = 30
const spare = 20

export const connectionPerStream = scenario({
  name: 'connection-per-stream',
  title: 'One Redis connection for each stream',
  symptom:
    '`ERR max number of clients reached`; new clients hear nothing while old ones do; a Redis restart takes minutes, as thousands reconnect at once.',
  switch:
    'naive/connection-per-stream.ts (a subscriber for each stream) against one listening connection for each worker',
  because:
    'Redis takes `maxclients` connections, 10,000 by default, from all workers together. A subscriber for each stream spends one on each client.',
  fix: 'One connection for each worker hears everything, and the hub knows who wants what.',
  code: [
    { file: 'server/src/redis.ts', text: 'const listener = listen(' },
    { file: 'server/src/hub/subscriptions.ts', text: 'enter(topics: readonly string[]' },
  ],
  sides: {
    broken: 'scenarios/naive/connection-per-stream.ts',
    fixed: 'server/src/main.ts',
  },
  async measure(rig, file) {
    const { url: redisUrl } = await rig.redis()
    const server = await rig.process(file, { REDIS_URL: redisUrl })
    // Its own connection, from before: when Redis is full it takes no other, not even ours.
    const redis = new Redis(redisUrl)
    rig.defer(() => redis.disconnect())
    const clients = async () =>
      String(await redis.client('LIST'))
        .trim()
        .split('\n').length
    const rejected = async () => Number(/rejected_connections:(\d+)/.exec(await redis.info('stats'))?.[1])
    const [before, rejectedBefore] = [await clients(), await rejected()]
    // Production has 10,000 and as many clients; here room is left for fewer than there are streams.
    rig.defer(async () => void (await redis.config('SET', 'maxclients', '10000')))
    await redis.config('SET', 'maxclients', String(before + spare))
    const url = `${server.url}/events?topic=t`
    const streams = await Promise.all(
      Array.from({ length: streamCount }, () => TestStream.open(url, { withinMs: 3000 })),
    )
    const greeted = () => streams.filter(({ hello }) => hello !== undefined).length
    await until('each stream to be in place, or refused by Redis', 4000, async () => {
      return greeted() + (await rejected()) - rejectedBefore >= streamCount
    })
    const sent = await publish(server.url, { topic: 't', data: 'to all' })
    const hearing = () => streams.filter(({ events }) => events.some(({ id }) => id === sent.id)).length
    await until('everyone in place to hear it', 3000, () => hearing() >= greeted())
    return {
      grown: (await clients()) - before,
      refused: (await rejected()) - rejectedBefore,
      hearing: hearing(),
    }
  },
  judge: {
    broken: ({ grown, refused, hearing }) => ({
      predicted: `${spare} of ${streamCount} hear an event: each has taken a connection, the rest were refused`,
      measured: `${hearing} of ${streamCount} hear it, with ${grown} connections more`,
      // The connection of whoever asks Redis meanwhile counts, too.
      holds:
        refused > 0 &&
        hearing + refused === streamCount &&
        grown === hearing &&
        Math.abs(hearing - spare) <= 2,
      evidence: `${refused} × ERR max number of clients reached`,
    }),
    fixed: ({ grown, refused, hearing }) => ({
      predicted: `${streamCount} of ${streamCount} hear an event, with no connection more`,
      measured: `${hearing} of ${streamCount} hear it, with ${grown} connections more`,
      holds: refused === 0 && hearing === streamCount && grown === 0,
    }),
  },
})
