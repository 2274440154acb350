import assert from 'node:assert/strict'
import type { Redis } from 'ioredis'
import { pino } from 'pino'
import { compareIds } from '../../src/bus/streams/ids.ts'
import { StreamsBus } from '../../src/bus/streams/streams.ts'
import type { Event } from '../../src/event.ts'
import { frameBytes } from '../../src/frame.ts'
import { openRedis } from '../../src/redis.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const bounds = { logEventsMax: 1000, logBytesMax: 1_000_000, batchBytesMax: 10_000 }

export const draft = (data: string) => ({ topic: 'a', data, bytes: frameBytes({ data }) })

/** The streams bus of a worker, with its own two connections, and what it was given: the data of each event, `gap` for a gap. */
export class Worker {
  readonly bus: StreamsBus
  readonly redis: { commands: Redis; listener: Redis }
  seen: string[] = []
  ids: string[] = []
  batches = 0
  /** What a batch waits for. */
  busy: Promise<void> = Promise.resolve()

  /** What it logged. */
  readonly lines: { level: number; msg: string; times?: number; err?: { cause?: unknown } }[] = []

  constructor(url: string, name: string, own: Partial<typeof bounds> = {}) {
    const log = pino({ level: 'info' }, { write: (line: string) => this.lines.push(JSON.parse(line)) })
    this.redis = openRedis(url, name, 1500, log)
    const { commands, listener: reader } = this.redis
    commands.connect().catch(() => undefined)
    this.bus = new StreamsBus({
      commands,
      reader,
      bounds: { ...bounds, ...own },
      publishTimeoutMs: 1500,
      log,
    })
  }

  async close(): Promise<void> {
    await this.bus.close()
    this.redis.commands.disconnect()
  }

  async start(): Promise<this> {
    const subscribed = this.bus.subscribe({
      deliver: async batch => {
        this.batches += 1
        await this.busy
        for (const event of batch) this.#take(event)
      },
      gap: async () => void this.seen.push('gap'),
    })
    let done = false
    void subscribed.then(() => (done = true))
    await until('it to have read the log', 30_000, () => done)
    await until('its commands', 5000, () => this.redis.commands.status === 'ready')
    return this
  }

  /** Publishes what must be taken, again and again while Redis is away. */
  async publish(data: string): Promise<string> {
    return await until(`${data} to be taken`, 15_000, async () => (await this.bus.publish(draft(data))).id)
  }

  async sees(expected: string[]): Promise<void> {
    await until(
      `${expected.join(' ')}; it saw ${this.seen.join(' ')}`,
      15_000,
      () => this.seen.at(-1) === expected.at(-1),
    ).catch((error: unknown) => assert.deepEqual(this.seen, expected, String(error)))
    assert.deepEqual(this.seen, expected)
    assert.deepEqual(this.ids, this.ids.toSorted(compareIds), 'ids grow')
  }

  #take({ id, topic, data }: Event): void {
    if (topic === '') return // a marker
    this.seen.push(data)
    this.ids.push(id)
  }
}
