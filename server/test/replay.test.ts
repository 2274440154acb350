import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { publish } from '@sse-lab/testkit/publish.ts'
import { container, docker, fixed, serverContainers, stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

async function publishAll(topic: string, count: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) ids.push((await publish(fixed, { topic, data: ids.length })).id)
  return ids
}

/** Opens a stream through nginx that has everything up to `id`. */
async function comeBack(topic: string, id: string): Promise<TestStream> {
  return await TestStream.open(`${fixed}/events?topic=${topic}`, { headers: { 'last-event-id': id } })
}

test('a client that comes back from any event gets the rest, whichever worker it meets', async () => {
  await stackReady()
  const topic = randomUUID()
  await using first = await TestStream.open(`${fixed}/events?topic=${topic}`)
  await first.greeted()
  const start = first.position
  const ids = await publishAll(topic, 30)

  const streams = await Promise.all([start, ...ids].map(async id => await comeBack(topic, id)))
  const { id: last } = await publish(fixed, { topic, data: 'last' })

  for (const [index, stream] of streams.entries()) {
    await stream.next(event => event.id === last, { withinMs: 5000 })
    assert.deepEqual(
      stream.events.map(event => event.id),
      [...ids, last].slice(index),
    )
    assert.deepEqual(stream.gaps, [])
  }
  assert.equal(new Set(streams.map(stream => stream.hello?.worker)).size, 4)
})

test('the header wins over the query, which a native reconnect repeats', async () => {
  await stackReady()
  const topic = randomUUID()
  const [old = '', recent = '', last = ''] = await publishAll(topic, 3)

  await using query = await TestStream.open(`${fixed}/events?topic=${topic}&lastEventID=${old}`)
  await using both = await TestStream.open(`${fixed}/events?topic=${topic}&lastEventID=${old}`, {
    headers: { 'last-event-id': recent },
  })

  await query.next(event => event.id === last, { withinMs: 5000 })
  await both.next(event => event.id === last, { withinMs: 5000 })
  assert.deepEqual([query.events.length, both.events.length], [2, 1])
})

test('an id that is too old, unknown, from the future or none at all is a gap, and the stream goes on', async () => {
  await stackReady()
  const topic = randomUUID()
  await publishAll(topic, 2)
  const ids = ['1-1', `${Date.now() - 1}-424242`, '99999999999999-0', 'nonsense', '7-0%0aid: 9-9']

  const streams = await Promise.all(ids.map(async id => await comeBack(topic, id)))
  for (const stream of streams) await until('the gap', 5000, () => stream.gaps.length > 0)
  const { id: last } = await publish(fixed, { topic, data: 'last' })

  for (const stream of streams) {
    await stream.next(event => event.id === last, { withinMs: 5000 })
    assert.equal(stream.gaps.length, 1)
    // The id of the gap is one of ours: from there nothing more is missing.
    await using again = await comeBack(topic, stream.gaps[0]?.id ?? '')
    await again.next(event => event.id === last, { withinMs: 5000 })
    assert.deepEqual(again.gaps, [])
  }
})

test('a herd of 1,000 that comes back to restarted workers gets what it missed, and Redis is not asked for it', async () => {
  await stackReady()
  const topic = randomUUID()
  const ids = await publishAll(topic, 100)
  for (const id of await serverContainers()) await docker('exec', id, 'npx', 'pm2', 'reload', 'server')
  await stackReady()
  await docker('exec', container('redis'), 'redis-cli', 'config', 'resetstat')

  const streams: TestStream[] = []
  for (let count = 0; count < 10; count += 1) {
    streams.push(
      ...(await Promise.all(Array.from({ length: 100 }, async () => await comeBack(topic, ids[0] ?? '')))),
    )
  }

  for (const stream of streams) {
    await stream.next(event => event.id === ids.at(-1), { withinMs: 20_000 })
    assert.deepEqual(
      stream.events.map(event => event.id),
      ids.slice(1),
    )
    stream.close()
  }
  const { xrange = 0, xread = 0 } = await redisCalls()
  assert.equal(xrange, 0)
  // Each worker asks for more about once a second, whoever comes.
  assert.ok(xread < streams.length / 4, `${xread} XREADs for ${streams.length} streams`)
})

/** How often each command was called since the counts were reset. */
async function redisCalls(): Promise<Record<string, number>> {
  const text = await docker('exec', container('redis'), 'redis-cli', 'info', 'commandstats')
  return Object.fromEntries(
    [...text.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]),
  )
}
