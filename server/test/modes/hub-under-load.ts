import assert from 'node:assert/strict'
import { listen } from '@sse-lab/testkit/listen.ts'
import { audit, type Audit } from '@sse-lab/testkit/ledger.ts'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { createSse, openServer, type Sse, type SseOptions } from '../../src/sse.ts'

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
const publisherCount = 4
const readersEach = 3
const publishEveryMs = 5
// How long a publish is repeated: as long as the slowest failover may take on a busy machine.
const patienceMs = 30_000

/** A server of the package with its address. */
type Server = { sse: Sse; base: string }

/** Two servers on one Redis, streams on both, and publishers that repeat what was not acknowledged: with a ledger of it all. */
export class HubUnderLoad implements AsyncDisposable {
  readonly servers: readonly Server[]
  readonly streams: readonly TestStream[]
  readonly #publishers: Publisher[] = []
  readonly #topic: string
  #silenceMs = 0
  readonly #more: AsyncDisposableStack

  private constructor(parts: {
    servers: Server[]
    streams: TestStream[]
    topic: string
    more: AsyncDisposableStack
  }) {
    this.servers = parts.servers
    this.streams = parts.streams
    this.#topic = parts.topic
    this.#more = parts.more
  }

  static async start(options: SseOptions, topic = 'orders/1'): Promise<HubUnderLoad> {
    const more = new AsyncDisposableStack()
    const servers = await Promise.all([0, 1].map(async n => await startServer(n, options, more)))
    const streams = servers.flatMap(({ base }) =>
      Array.from({ length: readersEach }, () =>
        more.use(TestStream.returning(`${base}/events?topic=${topic}`)),
      ),
    )
    for (const stream of streams) await stream.greeted()
    return new HubUnderLoad({ servers, streams, topic, more })
  }

  /** What was seen, in a line. */
  get summary(): string {
    const pause = this.#silenceMs.toFixed(0)
    return `${this.acknowledged} acknowledged, ${this.unacknowledged} not at once; longest pause between two 202s ${pause} ms`
  }

  /** Publishes while `strike` is done, and until every publisher was acknowledged again. Then all that came is counted. */
  async during(strike: () => Promise<void>): Promise<void> {
    const before = this.acknowledged
    const publishers = Array.from({ length: publisherCount }, (_, n) => this.#publisher(n))
    await until('the load to run', 5000, () => this.acknowledged > before + 20)
    using _ = this.#watchSilence()
    await strike()
    const struck = publishers.map(({ acknowledged }) => acknowledged.length)
    await until('every publisher to go on', patienceMs, () =>
      publishers.every(({ acknowledged, fatal }, n) => fatal ?? acknowledged.length > (struck[n] ?? 0) + 5),
    )
    await Promise.all(publishers.map(async publisher => await publisher.stop()))
    assert.deepEqual(
      publishers.map(({ fatal }) => fatal),
      publishers.map(() => undefined),
    )
  }

  get acknowledged(): number {
    return this.#publishers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
  }

  /** Attempts that were refused, cut off, or out of time. */
  get unacknowledged(): number {
    return this.#publishers.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0)
  }

  /** What each stream lacks, once nothing more comes: it has the newest acknowledged event, or was told of a gap. */
  async audits(): Promise<(Audit & { gaps: number })[]> {
    const end = new Publisher({ name: 'end', topic: this.#topic, repeats: true })
    await until(
      'a last publish',
      patienceMs,
      async () => await end.publish(this.servers[0]?.base ?? '', patienceMs),
    )
    for (const stream of this.streams) {
      await until('the last event on every stream', 15_000, () =>
        stream.received.some(({ publisher }) => publisher === 'end'),
      )
    }
    const acknowledged = this.#publishers.flatMap(publisher => publisher.acknowledged)
    return this.streams.map(({ received, gaps, fatal }) => {
      assert.equal(fatal, undefined)
      return { ...audit(acknowledged, received), gaps: gaps.length }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#publishers.map(async publisher => await publisher.stop()))
    await this.#more.disposeAsync()
  }

  #watchSilence(): Disposable {
    let [count, since] = [this.acknowledged, performance.now()]
    const timer = setInterval(() => {
      this.#silenceMs = Math.max(this.#silenceMs, performance.now() - since)
      if (this.acknowledged > count) [count, since] = [this.acknowledged, performance.now()]
    }, 10)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  #publisher(n: number): Publisher {
    const name = `p${this.#publishers.length}`
    const publisher = new Publisher({ name, topic: this.#topic, repeats: true })
    this.#publishers.push(publisher)
    publisher.start(this.servers[n % this.servers.length]?.base ?? '', publishEveryMs, patienceMs)
    return publisher
  }
}

async function startServer(n: number, options: SseOptions, more: AsyncDisposableStack): Promise<Server> {
  const sse = createSse({ log: silent, drainMs: 200, name: `test/${n}`, ...options })
  const server = openServer((request, response) => {
    if (request.method === 'POST') void sse.receive(request, response)
    else void sse.stream(request, response)
  })
  more.defer(async () => await sse.drain(server))
  await until('the server to have read the log', 20_000, async () => {
    await sse.untilReady()
    return sse.ready
  })
  return { sse, base: `http://127.0.0.1:${await listen(server)}` }
}
