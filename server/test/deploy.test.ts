import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, test } from 'node:test'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { closeStreams, TestStream } from '@sse-lab/testkit/stream.ts'
import { fixed, make, stackReady } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { assertWhole } from '@sse-lab/testkit/whole.ts'

const clientCount = 200

afterEach(async () => {
  closeStreams()
  await stackReady()
})

test('make deploy replaces every server under load: no client is ended for good, nothing is lost, and the herd is spread', async t => {
  const old = await stackReady()
  const topic = randomUUID()
  const clients = Array.from({ length: clientCount }, () =>
    TestStream.returning(`${fixed}/events?topic=${topic}`),
  )
  for (const client of clients) await client.greeted()
  const publisher = new Publisher({ name: 'deploy', topic, repeats: true })
  publisher.start(fixed, 50, 10_000)

  const printed = await make('roll')
  await until('every client to be back', 20_000, () =>
    clients.every(({ worker }) => worker !== undefined && !old.some(it => it.worker === worker)),
  )
  await publisher.stop()

  assert.match(printed, /Replaced 2 server containers/)
  const present = await stackReady()
  assert.deepEqual(
    present.filter(({ host }) => old.some(it => it.host === host)),
    [],
  )
  await assertWhole(publisher, clients)

  // The waits that they were told, and not when they came: where this process stands still, many come at once.
  const herd = spread(clients.flatMap(({ waitsMs }) => waitsMs))
  t.diagnostic(
    `${herd.waits} waits; at most ${herd.peak} told the same, to 0.1 s, ${herd.mean.toFixed(1)} on average; ` +
      `${publisher.acknowledged.length} publishes, ${publisher.unacknowledged} of them had to be repeated`,
  )
  // Each container's clients would be back in the same instant if they had been told the same time.
  assert.ok(herd.peak < clientCount / 6, `${herd.peak} of ${herd.waits} were told the same wait, to 0.1 s`)
})

/** How many waits are in the most crowded tenth of a second, and in an average one that any is in. */
function spread(times: readonly number[]): { waits: number; peak: number; mean: number } {
  const buckets = new Map<number, number>()
  for (const time of times) {
    const bucket = Math.floor(time / 100)
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
  }
  return { waits: times.length, peak: Math.max(...buckets.values()), mean: times.length / buckets.size }
}
