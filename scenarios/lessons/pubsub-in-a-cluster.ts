import { startCluster } from '@sse-lab/server/test/modes/redis-groups.ts'
import type { RedisProcess } from '@sse-lab/server/test/modes/redis-process.ts'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const eventCount = 50

export const pubsubInACluster = scenario({
  name: 'pubsub-in-a-cluster',
  title: 'In a Redis Cluster every PUBLISH goes to every node',
  symptom:
    'More Redis nodes make it slower: CPU and network of all nodes rise together with the publishes, also of those that have no subscriber.',
  switch:
    'naive/pubsub-in-a-cluster.ts (PUBLISH and SUBSCRIBE in a cluster) against BUS=streams in the same cluster',
  because:
    'A subscriber may be connected to any node, and no node knows where. So the node that takes a PUBLISH sends it to all the others over the cluster bus: N nodes do N times the work, whoever listens.',
  fix: 'Events are entries of a stream: a key, which is on one master, and its readers ask that one. Sharded Pub/Sub (SPUBLISH) stays within a shard, too, and has no past.',
  code: [
    { file: 'server/src/bus/streams/log-keys.ts', text: 'export function logKeys(' },
    { file: 'server/src/redis-agreements.ts', text: "bus === 'pubsub' && redisMode === 'cluster'" },
  ],
  sides: { broken: 'scenarios/naive/pubsub-in-a-cluster.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const cluster = rig.use(await startCluster())
    const env = { REDIS_URL: cluster.url, REDIS_MODE: 'cluster' }
    const servers = [await rig.process(file, env), await rig.process(file, env)]
    const streams = await Promise.all(
      servers.map(async ({ url }) => await TestStream.openGreeted(`${url}/events?topic=t`)),
    )
    const before = await passedOn(cluster.nodes)
    for (let n = 0; n < eventCount; n += 1) await publish(servers[0]?.url ?? '', { topic: 't', data: n })
    for (const stream of streams) await until('every event', 5000, () => stream.events.length >= eventCount)
    const messages = (await passedOn(cluster.nodes)) - before
    return { nodes: cluster.nodes.length, messages }
  },
  judge: {
    broken: ({ nodes, messages }) => ({
      predicted: `${eventCount} publishes are ${eventCount * (nodes - 1)} messages between ${nodes} nodes`,
      measured: `${messages} messages`,
      holds: messages === eventCount * (nodes - 1),
    }),
    fixed: ({ nodes, messages }) => ({
      predicted: `0 messages between ${nodes} nodes, and every stream has every event`,
      measured: `${messages} messages`,
      holds: messages === 0,
    }),
  },
})

/** How many messages the nodes have got from each other for a PUBLISH. */
async function passedOn(nodes: readonly RedisProcess[]): Promise<number> {
  const infos = await Promise.all(nodes.map(async node => await node.cli('cluster', 'info')))
  const received = infos.map(text => /cluster_stats_messages_publish_received:(\d+)/.exec(text)?.[1])
  return received.reduce((sum, count) => sum + Number(count ?? 0), 0)
}
