import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { compareIds } from '../src/bus/streams/ids.ts'
import { publish } from '@sse-lab/testkit/publish.ts'
import { docker, network, startRedis, startServer } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const base = 'http://failover:3000'

async function open(topic: string, lastEventId?: string): Promise<TestStream> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const stream = await TestStream.open(`${base}/events?topic=${topic}`, { headers })
  await stream.greeted()
  return stream
}

test('after a failover to a replica that lagged, every stream is told of the gap, ids go on growing, and nothing more is missing', async () => {
  await using primary = await startRedis('failover-redis')
  await using replica = await startRedis('failover-replica')
  const cli = async (...words: string[]) => await docker('exec', replica.getId(), 'redis-cli', ...words)
  await using server = await startServer('failover', {
    REDIS_URL: 'redis://failover-redis:6379',
    WORKERS: '2',
  })
  await until('the server', 20_000, async () => await publish(base, { topic: 'any', data: 0 }))
  await cli('replicaof', 'failover-redis', '6379')
  await until('the replica', 20_000, async () =>
    /master_link_status:up/.test(await cli('info', 'replication')),
  )

  const topic = randomUUID()
  const streams = await Promise.all(Array.from({ length: 6 }, async () => await open(topic)))
  const kept = await publish(base, { topic, data: 'kept' })
  await until(
    'the replica to have it',
    5000,
    async () => (await cli('xrange', 'sse-lab:log', kept.id, kept.id)).trim() !== '',
  )
  // From here on the replica lags.
  await cli('replicaof', 'no', 'one')
  const lost = [
    await publish(base, { topic, data: 'lost 1' }),
    await publish(base, { topic, data: 'lost 2' }),
  ]
  for (const stream of streams) await stream.next(event => event.id === lost[1]?.id, { withinMs: 5000 })

  await docker('kill', primary.getId())
  await docker('network', 'disconnect', network, replica.getId())
  await docker('network', 'connect', '--alias', 'failover-redis', network, replica.getId())
  for (const stream of streams) await until('the gap', 15_000, () => stream.gaps.length > 0)
  const after = await until('a publish', 15_000, async () => await publish(base, { topic, data: 'after' }))

  assert.ok(compareIds(after.id, lost[1]?.id ?? '') > 0, `${after.id} after ${lost[1]?.id}`)
  for (const stream of streams) {
    await stream.next(event => event.id === after.id, { withinMs: 5000 })
    assert.deepEqual(
      stream.events.map(event => event.data),
      ['kept', 'lost 1', 'lost 2', 'after'],
    )
  }
  // Whoever was away and missed what is lost is told so, also by a worker that has never seen it. Whoever had it all is not.
  await docker('exec', server.getId(), 'npx', 'pm2', 'reload', 'server')
  const returns = [
    { id: kept.id, gaps: 1 },
    { id: lost[1]?.id ?? '', gaps: 0 },
  ]
  for (const { id, gaps } of returns) {
    const back = await open(topic, id)
    await back.next(event => event.id === after.id, { withinMs: 5000 })
    assert.deepEqual([back.gaps.length, back.events.length], [gaps, 1], `back with ${id}`)
  }
})
