import { post, publish } from '@sse-lab/testkit/publish.ts'
import { docker } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const eventCount = 20

export const twoRedisOnOneDisk = scenario({
  name: 'two-redis-on-one-disk',
  title: 'Two Redis servers on one disk, and one forgets',
  symptom:
    'After a rolling update, or after a host came back, Redis lacks the newest events, though appendfsync is always and its file has grown. Nothing failed, and every publish had been answered 202.',
  switch:
    'redis-server against flock --no-fork /var/tmp/one-server redis-server, started twice on one volume',
  because:
    'Redis reads its files once, at its start, and takes no lock on them. The one that starts before the other has ended does not see what that one writes from then on, and answers from its memory when it takes over.',
  fix: 'A lock on a file beside the data, which the system gives back when the process ends: the next server starts when the last has written everything. In Redis Cluster, too: its own lock is on nodes.conf, and each save replaces that file.',
  code: [{ file: 'deploy/stack.yaml', text: 'exec flock --no-fork /var/tmp/one-server' }],
  sides: { broken: false, fixed: true },
  async measure(rig, locked) {
    const disk = await rig.redisDisk()
    const old = await disk.start(locked)
    const env = { REDIS_URL: disk.url }
    const server = await rig.server(env)
    await untilTaken(server.url)
    const seen = await publish(server.url, { topic: 't', data: 'seen' })
    const young = await disk.start(locked)
    const program = await until('the next one to have read the disk, or to wait', 10_000, async () => {
      if (/\bflock$/m.test(await docker('top', young.id, '-o', 'pid,comm'))) return 'flock'
      const answer = await docker('exec', young.id, 'redis-cli', 'ping')
      return answer.trim() === 'PONG' && 'redis-server'
    })
    // The server stays with the one it is connected to.
    for (let n = 0; n < eventCount; n += 1) await publish(server.url, { topic: 't', data: `overlap ${n}` })
    await docker('stop', '--time', '10', old.id)

    // Who comes back has the id of the event before them, and asks a server that has only what is in the log now.
    const another = await rig.server(env)
    const client = await TestStream.openGreeted(`${another.url}/events?topic=t&lastEventID=${seen.id}`)
    await untilTaken(another.url)
    const last = await publish(another.url, { topic: 't', data: 'last' })
    await client.next(({ id }) => id === last.id, { withinMs: 5000 })
    return {
      program,
      there: client.events.filter(({ data }) => data.startsWith('overlap')).length,
      gaps: client.gaps.length,
    }
  },
  judge: {
    broken: ({ program, there, gaps }) => ({
      predicted: `${eventCount} of ${eventCount} acknowledged events gone`,
      measured: `${eventCount - there} of ${eventCount} gone`,
      holds: there === 0 && program === 'redis-server',
      evidence: `the second one had read the disk before they were written; ${gaps} gap event: a server of the lab that had them says so`,
    }),
    fixed: ({ program, there, gaps }) => ({
      predicted: `0 of ${eventCount} gone: the second waits until the first has ended`,
      measured: `${eventCount - there} of ${eventCount} gone, told of ${gaps} gaps`,
      holds: there === eventCount && gaps === 0 && program === 'flock',
    }),
  },
})

async function untilTaken(url: string): Promise<void> {
  await until('a publish to be taken', 10_000, async () => {
    return (await post(url, { topic: 'other', data: '' })).status === 202
  })
}
