import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { until } from '@sse-lab/testkit/wait.ts'
import { createSse } from '../../src/sse.ts'
import { RedisProcess } from './redis-process.ts'

/** A server of so many logs, and what it says. */
function start(t: TestContext, redis: string, partitions: number) {
  const said: string[] = []
  const say = (details: object, text: string) => void said.push(`${JSON.stringify(details)} ${text}`)
  const log = { debug: () => {}, info: () => {}, warn: say, error: say }
  const sse = createSse({ redis, partitions, drainMs: 100, log })
  t.after(async () => await sse.drain())
  return { sse, said }
}

test('a server with another number of logs than the others is not ready and says why, until none of them is left', async t => {
  await using redis = await RedisProcess.start()
  const first = start(t, redis.url, 12)
  await first.sse.untilReady()
  const alike = start(t, redis.url, 12)
  await alike.sse.untilReady()

  const other = start(t, redis.url, 24)
  await until('it to say so', 10_000, () => other.said.length > 0)
  assert.match(other.said.join(), /"own":"24","others":"12".*PARTITIONS/)
  assert.equal(other.sse.ready, false)
  await first.sse.drain()
  assert.equal((await redis.cli('get', 'sse-lab:logs')).trim(), '12')
  assert.ok(Number(await redis.cli('ttl', 'sse-lab:logs')) > 0)

  // As if the minute had passed.
  await alike.sse.drain()
  await redis.cli('pexpire', 'sse-lab:logs', '1')
  await other.sse.untilReady()
  assert.equal(other.sse.ready, true)
  assert.deepEqual([first.said, alike.said], [[], []])
})

test('while it waits for the others a server can be drained', async t => {
  await using redis = await RedisProcess.start()
  await start(t, redis.url, 1).sse.untilReady()
  const other = start(t, redis.url, 2)
  await until('it to say so', 10_000, () => other.said.length > 0)
  await other.sse.drain()
  await other.sse.untilReady()
  assert.equal(other.sse.ready, false)
})

test('where an ACL forbids the key, a server says so and serves', async t => {
  await using redis = await RedisProcess.start()
  await redis.cli('acl', 'setuser', 'default', 'resetkeys', '~sse-lab:log', '~sse-lab:log-*', '~sse-lab:once')
  const { sse, said } = start(t, redis.url, 1)
  await sse.untilReady()
  await sse.publish('a', 1)
  assert.match(said.join(), /going on without/)
})
