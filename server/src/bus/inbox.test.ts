import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../event.ts'
import { Inbox } from './inbox.ts'

const bounds = { batchBytesMax: 1000, waitingBytesMax: 10_000, waitingEventsMax: 100 }
const event = (id: number, data = 'x'): Event => ({
  id: String(id),
  topic: 't',
  data,
  bytes: 40 + data.length,
})

/** Writes down what it gets, and holds each batch until it is let go. */
class SlowSubscriber {
  readonly got: (string[] | 'gap')[] = []
  #letGo: () => void = () => undefined

  async deliver(batch: Event[]): Promise<void> {
    this.got.push(batch.map(({ id }) => id))
    await new Promise<void>(resolve => (this.#letGo = resolve))
  }

  async gap(): Promise<void> {
    this.got.push('gap')
  }

  async letGo(): Promise<void> {
    this.#letGo()
    await new Promise(setImmediate)
  }
}

test('an event leaves at once when nothing is under way', () => {
  const subscriber = new SlowSubscriber()

  void new Inbox(subscriber, bounds).push(event(1))

  assert.deepEqual(subscriber.got, [['1']])
})

test('what arrives while a batch is written forms the next one, in order', async () => {
  const subscriber = new SlowSubscriber()
  const inbox = new Inbox(subscriber, bounds)

  for (let id = 1; id <= 4; id += 1) void inbox.push(event(id))
  await subscriber.letGo()

  assert.deepEqual(subscriber.got, [['1'], ['2', '3', '4']])
})

test('a batch keeps to its bytes, but an event is never left behind', async () => {
  const subscriber = new SlowSubscriber()
  const inbox = new Inbox(subscriber, bounds)

  for (let id = 1; id <= 3; id += 1) void inbox.push(event(id, 'x'.repeat(600)))
  void inbox.push(event(4, 'x'.repeat(3000)))
  for (let round = 0; round < 4; round += 1) await subscriber.letGo()

  assert.deepEqual(subscriber.got, [['1'], ['2'], ['3'], ['4']])
})

test('past its bound it drops what waits and says so before anything newer', async () => {
  const subscriber = new SlowSubscriber()
  const inbox = new Inbox(subscriber, bounds)

  for (let id = 1; id <= 103; id += 1) void inbox.push(event(id))
  await subscriber.letGo()

  assert.deepEqual(subscriber.got, [['1'], 'gap', ['102', '103']])
})

test('bytes are bounded as well as events', async () => {
  const subscriber = new SlowSubscriber()
  const inbox = new Inbox(subscriber, bounds)

  for (let id = 1; id <= 5; id += 1) void inbox.push(event(id, 'x'.repeat(4000)))
  await subscriber.letGo()

  assert.deepEqual(subscriber.got, [['1'], 'gap', ['4']])
})

test('a gap comes after what waits and before what comes, and two in a row are one', async () => {
  const subscriber = new SlowSubscriber()
  const inbox = new Inbox(subscriber, bounds)

  const all = [inbox.push(event(1)), inbox.push(event(2)), inbox.gap(), inbox.gap(), inbox.push(event(3))]
  for (let n = 0; n < 3; n += 1) await subscriber.letGo()
  await Promise.all(all)

  assert.deepEqual(subscriber.got, [['1'], ['2'], 'gap', ['3']])
})
