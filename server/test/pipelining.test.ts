import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { before, test } from 'node:test'
import { z } from 'zod'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { fixed, stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

before(async () => {
  await stackReady()
})

const list = z.object({
  workers: z.array(z.object({ pid: z.number(), bus: z.string(), rssBytes: z.number() })),
})

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: server\r\n\r\n`

/** What the workers of the fixed side hold, by process. */
async function memory(): Promise<Map<number, number>> {
  const { body } = await call('GET', `${fixed}/api/workers`)
  const workers = list.parse(JSON.parse(body)).workers.filter(({ bus }) => bus !== 'memory')
  return new Map(workers.map(({ pid, rssBytes }) => [pid, rssBytes]))
}

test('requests that are sent behind streams cost neither a worker, nor its memory, nor another stream', async () => {
  await using other = await TestStream.open(`${fixed}/events?topic=pipelining`)
  await other.greeted()
  const atFirst = await memory()

  const sockets = Array.from({ length: 10 }, () =>
    connect(3000, 'server')
      .on('error', () => undefined)
      .resume(),
  )
  await Promise.all(
    sockets.map(async socket => {
      await once(socket, 'connect')
      socket.write(get('/events') + get('/metrics').repeat(1500))
    }),
  )
  await until('every connection to be ended', 15_000, () => sockets.every(socket => socket.closed))
  // Workers tell their memory once a second.
  const asked = Date.now()
  await until('two beats', 10_000, () => Date.now() - asked > 2000)

  const now = await memory()
  assert.deepEqual(new Set(now.keys()), new Set(atFirst.keys()), 'no worker died')
  for (const [pid, bytes] of now) {
    const grown = bytes - (atFirst.get(pid) ?? 0)
    assert.ok(grown < 20e6, `worker ${pid} grew by ${Math.round(grown / 1e6)} MB`)
  }
  const { id } = await publish(fixed, { topic: 'pipelining', data: 'x' })
  await other.next(event => event.id === id, { withinMs: 5000 })
})
