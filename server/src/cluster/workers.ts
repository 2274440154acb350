import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Fleet } from '../sse-types.ts'
import { byName, readMetrics, readStatus, type WorkerStatus } from './worker-status.ts'

const workersKey = 'sse-lab:workers'
const metricsKey = 'sse-lab:metrics'
// Three beats: a worker that was killed is gone from the list this long after its last one.
const beatMs = 1000
const goneAfterMs = 3 * beatMs
const metricsBeatMs = 5000
const fleetBeatMs = 5000

/** `answeredBy`: the worker that was asked. `partial`: Redis did not answer, so only that one is listed. */
export type WorkerList = { workers: WorkerStatus[]; answeredBy: string; partial?: true }

/** What is asked of Redis: fields of a hash, each with an expiry. */
type Fields = {
  hgetall(key: string): Promise<Record<string, string>>
  hsetex(
    key: string,
    px: 'PX',
    ms: number,
    fields: 'FIELDS',
    count: 1,
    ...field: [string, string]
  ): Promise<unknown>
}

export type WorkersParts = {
  /** Undefined where there is no Redis. */
  commands: Fields | undefined
  status: () => WorkerStatus
  metrics: () => Promise<object[]>
  /** Told every 5 s how large the fleet is; not while Redis is away. */
  onFleet?: (fleet: Fleet) => void
  log: Log
}

/**
 * What all workers of all containers know of each other: each writes its status and its metrics into one Redis hash,
 * field by field, and a field expires by itself when its worker is gone (HSETEX, Redis 8.0). Any worker can then answer
 * for all, through a proxy that picks one at random.
 */
export class Workers {
  readonly #parts: WorkersParts
  readonly #silent: RepeatedFact
  #timers: NodeJS.Timeout[] = []
  #begun = false
  #stopped = false

  constructor(parts: WorkersParts) {
    this.#parts = parts
    this.#silent = new RepeatedFact(parts.log, {
      text: 'could not write the status of this worker to Redis',
      over: 'the status of this worker is in Redis again',
    })
  }

  /** Begins to tell the others. Never rejects: what Redis misses is told at the next beat. */
  async start(): Promise<void> {
    this.#timers = [
      setInterval(() => void this.#tellStatus(), beatMs),
      setInterval(() => void this.#beatMetrics(), metricsBeatMs),
      setInterval(() => void this.#readFleet(), fleetBeatMs),
    ]
    // The memory bus does not wait for Redis: its worker mostly begins before it is connected. A second later that is a fact.
    await Promise.all([this.#tellStatus(), this.#beatMetrics(), this.#readFleet()])
    this.#begun = true
  }

  /**
   * Writes a last status and stops the timers; the fields then expire by themselves. They are not deleted: after a reload the
   * successor has the same name, and would lose its own.
   */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#tellStatus()
  }

  /** Every live worker of every container, this one as it is now and the others as of their last beat. */
  async list(): Promise<WorkerList> {
    const own = this.#parts.status()
    const texts = await this.#read(workersKey)
    const answeredBy = own.worker
    if (texts === undefined) return { workers: [own], answeredBy, partial: true }
    const others = Object.entries(texts).flatMap(([worker, text]) =>
      worker === own.worker ? [] : (readStatus(worker, text) ?? []),
    )
    return { workers: [own, ...others].toSorted(byName), answeredBy }
  }

  /**
   * The metrics of every live worker, as prom-client's JSON: this one's as they are now, the others' up to 5 s old. What
   * this one answers it tells first: else the next to be asked would answer for it with an older count, and Prometheus
   * takes a counter that goes back for a restart and counts all of it again.
   */
  async metrics(): Promise<object[][]> {
    const { worker } = this.#parts.status()
    const own = await this.#parts.metrics()
    // One connection: Redis takes the first before it answers the second.
    const telling = this.#stopped ? undefined : this.#tellMetrics(own)
    const [texts = {}] = await Promise.all([this.#read(metricsKey), telling])
    const others = Object.entries(texts).flatMap(([name, text]) => {
      return name === worker ? [] : [readMetrics(name, text) ?? []]
    })
    return [own, ...others]
  }

  async #read(key: string): Promise<Record<string, string> | undefined> {
    return await this.#parts.commands?.hgetall(key).catch(() => undefined)
  }

  async #readFleet(): Promise<void> {
    const { onFleet } = this.#parts
    if (onFleet === undefined) return
    const { workers, partial } = await this.list()
    if (partial) return
    const streams = workers.reduce((sum, { connections }) => sum + connections, 0)
    onFleet({ streams, workers: workers.filter(({ ready }) => ready).length })
  }

  async #tellStatus(): Promise<void> {
    const own = this.#parts.status()
    await this.#tell(workersKey, own.worker, JSON.stringify(own), goneAfterMs)
  }

  async #beatMetrics(): Promise<void> {
    await this.#tellMetrics(await this.#parts.metrics())
  }

  async #tellMetrics(own: object[]): Promise<void> {
    const { worker } = this.#parts.status()
    await this.#tell(metricsKey, worker, JSON.stringify(own), metricsBeatMs + goneAfterMs)
  }

  async #tell(key: string, worker: string, text: string, expiresMs: number): Promise<void> {
    try {
      await this.#parts.commands?.hsetex(key, 'PX', expiresMs, 'FIELDS', 1, worker, text)
      this.#silent.over()
    } catch (error) {
      if (this.#begun) this.#silent.happened({ err: error }, kindOf(error))
    }
  }
}
