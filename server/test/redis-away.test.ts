import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, test } from 'node:test'
import { call, post, publish, type Acknowledgement } from '@sse-lab/testkit/publish.ts'
import { container, docker, fixed, stackReady, startRedis, startServer } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const redis = container('redis')

afterEach(async () => {
  await stackReady()
})

/** Repeats a publish until it is taken: some workers come back a moment later than others. */
async function publishWhenBack(event: object, key: Record<string, string>): Promise<Acknowledgement> {
  return await until('a publish to be taken', 10_000, async () => await publish(fixed, event, key))
}

// Each way that Redis can be away, and back.
const absences = [
  { name: 'paused', away: ['pause'], back: ['unpause'] },
  { name: 'killed', away: ['kill'], back: ['start'] },
  { name: 'stopped', away: ['stop'], back: ['start'] },
]

for (const { name, away, back } of absences) {
  test(`while Redis is ${name} a publish gets 503 within 2 s and streams stay open; when it is back nothing is missing or duplicate`, async () => {
    await stackReady()
    const topic = randomUUID()
    const streams = await Promise.all(
      Array.from({ length: 8 }, () => TestStream.open(`${fixed}/events?topic=${topic}`)),
    )
    for (const stream of streams) await stream.greeted()
    // The absence before this one may have left a worker whose own link is not back yet.
    const before = await publishWhenBack({ topic, data: 'before' }, { 'idempotency-key': randomUUID() })
    const key = { 'idempotency-key': randomUUID() }
    const unsure = { topic, data: 'sent while it was away, and again afterwards' }

    await docker(...away, redis)
    try {
      // The best of three: a machine may stand still for half a second in one.
      const times: number[] = []
      while (times.length < 3 && !times.some(ms => ms < 2000)) {
        const begun = Date.now()
        const answer = await post(fixed, unsure, key)
        times.push(Date.now() - begun)
        assert.equal(answer.status, 503, answer.body)
        assert.match(answer.body, /"code":"bus-away"/)
      }
      assert.ok(Math.min(...times) < 2000, `answered after ${times.join(', ')} ms`)

      await until(
        'readiness to say so',
        10_000,
        async () => (await call('GET', `${fixed}/readyz`)).status === 503,
      )
      assert.equal((await call('GET', `${fixed}/healthz`)).status, 200)
      const list: unknown = JSON.parse((await call('GET', `${fixed}/api/workers`)).body)
      assert.ok(typeof list === 'object' && list !== null && 'partial' in list)
      const heartbeats = streams.map(stream => stream.heartbeats)
      for (const [index, stream] of streams.entries()) {
        await until('more heartbeats', 5000, () => stream.heartbeats > (heartbeats[index] ?? 0) + 1)
      }
    } finally {
      await docker(...back, redis)
    }

    // The first attempt may have been on its way, and taken effect: with the same key it does so once.
    const repeated = await publishWhenBack(unsure, key)
    const last = await publishWhenBack({ topic, data: 'after' }, { 'idempotency-key': randomUUID() })
    for (const stream of streams) {
      await stream.next(event => event.id === last.id, { withinMs: 5000 })
      assert.deepEqual(
        stream.events.map(event => event.id),
        [before.id, repeated.id, last.id],
      )
      assert.deepEqual([stream.ending, stream.gaps], [undefined, []])
      stream.close()
    }
  })
}

test('a worker that starts while Redis is away waits, alive and not listening, and serves when it comes', async () => {
  await using late = await startServer('late', { REDIS_URL: 'redis://late-redis:6379', WORKERS: '1' })
  await until('it to report', 15_000, async () => /Redis is away/.test(await docker('logs', late.getId())))
  await assert.rejects(call('GET', 'http://late:3000/healthz'), /ECONNREFUSED/)

  await using arrived = await startRedis('late-redis')
  assert.ok(arrived.getId())

  await until(
    'it to be ready',
    20_000,
    async () => (await call('GET', 'http://late:3000/readyz')).status === 200,
  )
})
