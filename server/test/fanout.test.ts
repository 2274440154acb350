import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { publish, type Acknowledgement } from '@sse-lab/testkit/publish.ts'
import { fixed, listWorkers, stackReady, broken } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'

/** Opens streams until each of `workers` holds one, and at least `count`. */
async function openAcross(
  base: string,
  topic: string,
  workers: string[],
  count: number,
): Promise<TestStream[]> {
  const streams: TestStream[] = []
  const held = () => new Set(streams.map(stream => stream.hello?.worker))
  while (streams.length < count || held().size < workers.length) {
    assert.ok(
      streams.length < 50 * workers.length,
      `after ${streams.length} streams only ${held().size} workers hold one`,
    )
    const stream = await TestStream.open(`${base}/events?topic=${topic}`)
    await stream.greeted()
    streams.push(stream)
  }
  return streams
}

/** Publishes until each of `workers` took an event, and at least `count`. */
async function publishAcross(
  base: string,
  topic: string,
  workers: string[],
  count: number,
): Promise<Acknowledgement[]> {
  const taken: Acknowledgement[] = []
  while (taken.length < count || new Set(taken.map(({ worker }) => worker)).size < workers.length) {
    assert.ok(taken.length < 50 * workers.length, 'some workers never took a publish')
    taken.push(await publish(base, { topic, data: { sequence: taken.length } }))
  }
  return taken
}

test('an event published on one worker reaches streams on every worker, across two containers behind nginx', async () => {
  const workers = (await stackReady()).map(({ worker }) => worker)
  const topic = randomUUID()
  const streams = await openAcross(fixed, topic, workers, 12)

  const published = await publishAcross(fixed, topic, workers, 40)

  const last = published.at(-1)
  const expected = published.map(({ id }) => id)
  for (const stream of streams) {
    await stream.next(event => event.id === last?.id, { withinMs: 5000 })
    assert.deepEqual(
      stream.events.map(event => event.id),
      expected,
    )
    stream.close()
  }
  assert.equal(new Set(workers.map(worker => worker.split('/')[0])).size, 2, 'two containers')
})

test('with the memory bus an event reaches the streams of its own worker only, and the lost share is the predicted one', async () => {
  const workers = (await listWorkers(broken))
    .filter(({ bus }) => bus === 'memory')
    .map(({ worker }) => worker)
  const topic = randomUUID()
  const streams = await openAcross(broken, topic, workers, 12)

  const published = await publishAcross(broken, topic, workers, 40)
  // One more from each worker: once a stream has its own worker's, whatever would have come before has come.
  const closing = await publishAcross(broken, topic, workers, workers.length)

  let delivered = 0
  for (const stream of streams) {
    const own = [...published, ...closing]
      .filter(({ worker }) => worker === stream.hello?.worker)
      .map(({ id }) => id)
    await stream.next(event => event.id === own.at(-1), { withinMs: 5000 })
    assert.deepEqual(
      stream.events.map(event => event.id),
      own,
    )
    delivered += own.length
    stream.close()
  }
  const everything = [...published, ...closing].map(({ worker }) => worker)
  const held = streams.map(stream => stream.hello?.worker ?? '')
  const kept = workers
    .map(worker => share(everything, worker) * share(held, worker))
    .reduce((sum, part) => sum + part)
  const lost = 1 - delivered / (streams.length * everything.length)
  assert.ok(Math.abs(1 - kept - lost) < 1e-9, `predicted ${1 - kept}, measured ${lost}`)
  assert.equal(workers.length, 2)
})

function share(all: string[], one: string): number {
  return all.filter(it => it === one).length / all.length
}
