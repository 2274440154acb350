import type { Registry } from 'prom-client'
import { every } from './every.ts'
import { readGrant } from './grant.ts'
import type { Request } from './http/body.ts'
import { Calls } from './http/calls.ts'
import { drain, type Closable } from './http/drain.ts'
import { readDraft } from './http/draft.ts'
import { openPublisher, type Published, type Publisher } from './http/publisher.ts'
import type { ReceiveWish } from './http/receive.ts'
import type { Response } from './http/response.ts'
import { openWriteAll } from './http/send-all.ts'
import type { StreamWish } from './http/stream-request.ts'
import { beat } from './hub/beat.ts'
import { openHubs } from './hub/open-hub.ts'
import type { StreamHub } from './hub/stream-hub.ts'
import type { Log } from './observe/facts.ts'
import { openHistograms, type Observe } from './observe/histograms.ts'
import { openRegistry, registerMetrics } from './observe/metrics.ts'
import type { Settings } from './options.ts'
import type { PublishMore, SseStatus } from './sse-types.ts'
import { LogCount } from './partitions/log-count.ts'
import type { AnyBus } from './partitions/partitioned-bus.ts'
import { Quotas } from './quotas.ts'
import { redisIsNewEnough } from './redis-version.ts'
import type { RedisClient } from './redis-client.ts'

const sweepMs = 1000

type SseParts = { settings: Settings; log: Log; redis: RedisClient | undefined; bus: AnyBus }

/** The hub as an application sees it. Made by `createSse`. */
export class Sse {
  /** Prometheus metrics of this process, all of them `sse_*`: `await sse.metrics.metrics()` is the text. */
  readonly metrics: Registry
  /** The connection that publishes, for short commands of your own. Undefined without Redis. */
  readonly redis: RedisClient | undefined
  readonly #settings: Settings
  readonly #log: Log
  readonly #bus: AnyBus
  readonly #hub: StreamHub
  readonly #calls: Calls
  readonly #publisher: Publisher
  readonly #started: Promise<void>
  readonly #stops: (() => void)[] = []
  #isStarted = false
  #draining: Promise<void> | undefined

  constructor({ settings, log, redis, bus }: SseParts) {
    this.#settings = settings
    this.#log = log
    this.#bus = bus
    this.redis = redis
    this.metrics = openRegistry(settings.name)
    const observe = openHistograms(this.metrics)
    const writeAll = settings.native ? openWriteAll(log) : undefined
    const { hub, listen } = openHubs(settings, bus, { observe, log, writeAll })
    registerMetrics(this.metrics, { hub: (this.#hub = hub), bus })
    const { name: worker, instance, heartbeatMs, eventBytesMax } = settings
    const quotas = new Quotas(settings)
    this.#stops.push(every(sweepMs, () => quotas.publishes.sweep()))
    const publisher = (this.#publisher = openPublisher({ bus, stats: hub.stats, quotas, eventBytesMax, log }))
    const hello = { worker, instance, pid: process.pid, bus: bus.name, heartbeatMs }
    const isClosed = () => !this.#isStarted || this.draining
    const isPosition = (text: string) => bus.log?.isId(text) ?? false
    this.#calls = new Calls({ settings, hello, hub, quotas, publisher, log, isClosed, isPosition })
    const logCount =
      redis && bus.name === 'streams' ? new LogCount(redis, settings.partitions, log) : undefined
    this.#stops.push(() => logCount?.stop())
    this.#started = this.#start(observe, listen, logCount)
  }

  /** Whether events come in right now, and streams are taken. Answer your readiness probe with it. */
  get ready(): boolean {
    return this.#isStarted && !this.draining && this.#bus.ready
  }

  /** Whether `drain` was called. */
  get draining(): boolean {
    return this.#draining !== undefined
  }

  get status(): SseStatus {
    const { delivered, published } = this.#hub.stats
    const { name: bus, lagMs: busLagMs } = this.#bus
    return { bus, ready: this.ready, connections: this.#hub.connections, delivered, published, busLagMs }
  }

  /** Resolves when this process hears the bus for the first time. Waits as long as it takes while Redis is away. */
  async untilReady(): Promise<void> {
    await this.#started
  }

  /**
   * Answers a request for a stream, a HEAD with the headers alone. `topics` default to those of the query (`?topic=a&topic=b`, or
   * `lobby`); the client's last id is read from `Last-Event-ID` or `?lastEventID=`. `grant` wins over `authorize`.
   * Resolves when the stream is open or refused, and never rejects: refusals are problem details (400, 401, 403), and a client
   * that cannot be taken now is told to come back.
   */
  async stream(request: Request, response: Response, wish: StreamWish = {}): Promise<void> {
    await this.#calls.stream(request, response, wish)
  }

  /**
   * Answers a request to publish, `{"topic","type"?,"data"}` as JSON, with 202 `{"id","topic","worker"}` once the bus holds the event.
   * Heeds `Idempotency-Key`. Reads the body itself, digit for digit, unless somebody has parsed it before (`request.body`, or
   * `body` here). Never rejects: refusals are problem details (400, 401, 403, 413, 415, 422, 503).
   */
  async receive(request: Request, response: Response, wish: ReceiveWish = {}): Promise<void> {
    await this.#calls.receive(request, response, wish)
  }

  /**
   * Publishes to every process. `data` that is a string travels as it is, any other JSON value as JSON. Resolves once the bus holds
   * the event (with `streams`: once Redis has it). Rejects with a Refusal for what cannot be published, and with an error whose
   * `code` is `away` (it may still take effect), `refused`, `key-reused`, `too-many-keys` or `not-confirmed`.
   */
  async publish(topic: string, data: unknown, more: PublishMore = {}): Promise<Published> {
    const { type, idempotencyKey: key, grant } = more
    const draft = readDraft({ topic, data, ...(type !== undefined && { type }) })
    return await this.#publisher(draft, { key, grant: grant && readGrant(grant) })
  }

  /**
   * Ends every stream within about drainMs, in small waves, so that the clients come back to other processes with their last ids;
   * then leaves Redis. New streams are told to come back later meanwhile. `servers` are closed, too: no new connections at once,
   * and what is open at the end is cut. Resolves when nothing is open; twice is once.
   */
  async drain(...servers: Closable[]): Promise<void> {
    await (this.#draining ??= this.#drain(servers))
  }

  async #start(observe: Observe, listen: () => Promise<void>, logCount?: LogCount): Promise<void> {
    const { redis } = this
    const newEnough = redis && redisIsNewEnough(redis, this.#log)
    redis?.connect().catch(() => undefined) // retried and reported: see openRedis
    // The memory bus needs no Redis.
    if (this.#bus.name !== 'memory') await newEnough
    if ((await logCount?.agreed()) === false) return
    await listen()
    if (this.draining) return
    this.#isStarted = true
    const { heartbeatMs, unsentBytesMax } = this.#settings
    if (heartbeatMs > 0) this.#stops.push(beat(heartbeatMs, this.#hub, observe))
    this.#stops.push(every(sweepMs, () => this.#hub.sweep(performance.now(), unsentBytesMax)))
  }

  async #drain(servers: readonly Closable[]): Promise<void> {
    const { drainMs } = this.#settings
    const hub = this.#hub
    this.#log.info({ connections: hub.connections, drainMs }, 'draining')
    await drain({ servers, connections: hub.all(), open: () => hub.connections, drainMs })
    for (const stop of this.#stops) stop()
    await this.#bus.close()
    this.redis?.disconnect()
    this.#log.info({}, 'drained')
  }
}
