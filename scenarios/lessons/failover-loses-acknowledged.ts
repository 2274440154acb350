import { startCluster } from '@sse-lab/server/test/modes/redis-groups.ts'
import { ownersOfLog } from '@sse-lab/server/test/modes/owners.ts'
import { post, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const eventCount = 20

export const failoverLosesAcknowledged = scenario({
  name: 'failover-loses-acknowledged',
  title: 'A failover loses what was acknowledged',
  symptom:
    'Redis has replicas and failover works, yet after a master has died some orders are missing that were answered 202. No log has an error.',
  switch: 'CONFIRM=0 against CONFIRM=1, before a Redis Cluster of three masters with a replica each',
  because:
    'Replication is asynchronous: the master answers, and sends the write to its replicas afterwards. If it dies before a replica has it, that replica becomes master without it, and nobody knows.',
  fix: 'A publish is answered 202 when a replica has it, too; else 503, and its publisher repeats it with the same key. One WAIT for all publishes that came in the meantime.',
  code: [
    { file: 'server/src/bus/streams/confirmed-log.ts', text: 'pipeline.wait(replicas,' },
    { file: 'server/src/limits.ts', text: 'confirm: [0, 5, 0]' },
  ],
  sides: { broken: 0, fixed: 1 },
  async measure(rig, confirm) {
    const cluster = rig.use(await startCluster())
    const env = { REDIS_URL: cluster.url, REDIS_MODE: 'cluster' }
    const server = await rig.server({ ...env, CONFIRM: `${confirm}` })
    const first = await publish(server.url, { topic: 't', data: 'first' })
    const { master, replicas } = await ownersOfLog(cluster)
    // The replica has lost touch for a moment, as over a network that is cut.
    for (const replica of replicas) replica.signal('SIGSTOP')
    await master.cli('client', 'kill', 'type', 'replica')
    const answers = await Promise.all(
      Array.from(
        { length: eventCount },
        async (_, n) => await post(server.url, { topic: 't', data: `${n}` }),
      ),
    )
    await master.kill()
    for (const replica of replicas) replica.signal('SIGCONT')

    // Who comes back has the id of the first event, and asks a server that has only what is in the log now. It starts when there
    // is a master again.
    const another = await rig.server(env)
    const client = await TestStream.openGreeted(`${another.url}/events?topic=t&lastEventID=${first.id}`)
    const last = await until('a publish to be taken', 10_000, async () => {
      const { status, body } = await post(another.url, { topic: 't', data: 'last' })
      return status === 202 && body
    })
    await client.next(({ data }) => data === 'last', { withinMs: 5000 })
    const there = new Set(client.events.map(({ data }) => data))
    const acknowledged = answers.flatMap(({ status }, n) => (status === 202 ? [`${n}`] : []))
    return {
      acknowledged: acknowledged.length,
      lost: acknowledged.filter(data => !there.has(data)).length,
      refused: answers.filter(({ status }) => status === 503).length,
      gaps: client.gaps.length,
      last,
    }
  },
  judge: {
    broken: ({ acknowledged, lost, gaps, last }) => ({
      predicted: `${eventCount} of ${eventCount} acknowledged, and all of them gone after the failover`,
      measured: `${acknowledged} acknowledged, ${lost} gone`,
      holds: acknowledged === eventCount && lost === eventCount,
      evidence: `${gaps} gaps for who had the event before them; then ${last}`,
    }),
    fixed: ({ acknowledged, lost, refused }) => ({
      predicted: `0 of ${eventCount} acknowledged, so none is lost: each is answered 503`,
      measured: `${acknowledged} acknowledged, ${lost} gone, ${refused} answered 503`,
      holds: acknowledged === 0 && lost === 0 && refused === eventCount,
    }),
  },
})
