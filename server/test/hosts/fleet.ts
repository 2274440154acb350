import assert from 'node:assert/strict'
import { audit, type Audit } from '@sse-lab/testkit/ledger.ts'
import { Publisher, refusalsOf } from '@sse-lab/testkit/publisher.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** Has the addresses of all hosts, as a name of several A records has. A client that reaches one of them not takes the next. */
const base = 'http://hosts'
const scopeCount = 6
const readersOfScope = 3
const publishEveryMs = 60
const patienceMs = 40_000
/** A client that hears no heartbeat for so long takes its connection for dead. They come every 500 ms. */
const silentMs = 3000
const lookEveryMs = 50

type Reader = {
  stream: TestStream
  scopes: number[]
  signs: number
  signAt: number
  brokenAt: number
  awayMs: number
}

/** What a reader lacks, how many gaps it was told, and who holds it at the end. */
export type Found = Audit & { gaps: number; worker: string | undefined }

/** Readers and publishers of several scopes, on all hosts, and the ledger of what was acknowledged and what came. */
export class Fleet implements Disposable {
  readonly #run: string
  readonly #readers: Reader[]
  readonly #publishers: Publisher[]
  readonly #timer: NodeJS.Timeout
  readonly #pauses: { count: number; since: number; longestMs: number }[]

  private constructor(run: string) {
    this.#run = run
    const scopes = Array.from({ length: scopeCount }, (_, n) => n)
    const sets = scopes.flatMap(n => [
      ...Array.from({ length: readersOfScope }, () => [n]),
      [n, (n + 1) % scopeCount],
    ])
    this.#readers = sets.map(set => {
      const query = set.map(n => `topic=${this.topic(n)}`).join('&')
      const stream = TestStream.returning(`${base}/events?${query}`)
      return { stream, scopes: set, signs: 0, signAt: performance.now(), brokenAt: 0, awayMs: 0 }
    })
    this.#publishers = scopes.map(n => new Publisher({ name: `p${n}`, topic: this.topic(n), repeats: true }))
    this.#pauses = scopes.map(() => ({ count: 0, since: performance.now(), longestMs: 0 }))
    this.#timer = setInterval(() => this.#look(), lookEveryMs)
  }

  /** Resolves when every reader was greeted, and every publisher acknowledged. `run` is a part of the topics. */
  static async start(run: string): Promise<Fleet> {
    const fleet = new Fleet(run)
    try {
      for (const { stream } of fleet.#readers) await stream.greeted(20_000)
      for (const publisher of fleet.#publishers) publisher.start(base, publishEveryMs, patienceMs)
      await fleet.goesOn()
      return fleet
    } catch (error) {
      fleet[Symbol.dispose]()
      throw error
    }
  }

  topic(scope: number): string {
    return `${this.scope(scope)}/orders`
  }

  /** Its name. */
  scope(scope: number): string {
    return `${this.#run}-${scope}`
  }

  /** Resolves when every publisher got some more 202s, and every reader is there. */
  async goesOn(): Promise<void> {
    const before = this.#publishers.map(({ acknowledged }) => acknowledged.length)
    await until('every publisher to go on', patienceMs, () =>
      this.#publishers.every(({ acknowledged, fatal }, n) => {
        assert.equal(fatal, undefined)
        return acknowledged.length >= (before[n] ?? 0) + 5
      }),
    )
    await until('every reader to be there', patienceMs, () =>
      this.#readers.every(({ stream }) => stream.hello !== undefined || stream.fatal !== undefined),
    )
  }

  /** Attempts of a scope's publisher that were refused, cut off or out of time. */
  unacknowledged(scope: number): number {
    return this.#publishers[scope]?.unacknowledged ?? 0
  }

  /** Ends the load, and returns what each reader lacks, with a line that says it all. */
  async end(): Promise<{ said: string; audits: Found[] }> {
    await Promise.all(this.#publishers.map(async publisher => await publisher.stop()))
    await until('the last event on every stream', patienceMs, () =>
      this.#readers.every(({ stream, scopes }) =>
        scopes.every(n => {
          const last = this.#publishers[n]?.acknowledged.at(-1)
          return stream.received.some(it => it.publisher === last?.publisher && it.sequence === last.sequence)
        }),
      ),
    ).catch(() => undefined) // the audits say what is missing
    const audits = this.#readers.map(({ stream, scopes }) => {
      const acknowledged = scopes.flatMap(n => this.#publishers[n]?.acknowledged ?? [])
      return { ...audit(acknowledged, stream.received), gaps: stream.gaps.length, worker: stream.worker }
    })
    assert.deepEqual(
      [
        ...this.#readers.map(({ stream }) => stream.fatal),
        ...this.#publishers.map(({ fatal }) => fatal),
      ].filter(fatal => fatal !== undefined),
      [],
    )
    return { said: this.#said(audits), audits }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const publisher of this.#publishers) void publisher.stop()
    for (const { stream } of this.#readers) stream.close()
  }

  #said(audits: Found[]): string {
    const sum = (of: (it: Found) => number) => audits.reduce((all, it) => all + of(it), 0)
    const events = this.#publishers.reduce((all, { acknowledged }) => all + acknowledged.length, 0)
    const away = Math.max(...this.#readers.map(({ awayMs }) => awayMs))
    const pause = Math.max(...this.#pauses.map(({ longestMs }) => longestMs))
    const connects = Math.max(...this.#readers.map(({ stream }) => stream.cuts + 1))
    return (
      `${events} acknowledged, not at once: ${refusalsOf(this.#publishers)}; ${this.#readers.length} readers: lost ${sum(it => it.lost.length)}, ` +
      `duplicate ${sum(it => it.doubled.length)}, out of order ${sum(it => it.disordered.length)}, ` +
      `gaps on ${audits.filter(({ gaps }) => gaps > 0).length}; longest without a 202 ${seconds(pause)}, ` +
      `longest away ${seconds(away)}, at most ${connects} answers for a reader`
    )
  }

  // What a client with a watchdog does, and how long nothing was acknowledged in a scope, or heard by a reader.
  #look(): void {
    const now = performance.now()
    for (const reader of this.#readers) {
      const { stream } = reader
      const signs = stream.heartbeats + stream.received.length + stream.greetedAt.length
      if (signs > reader.signs) {
        reader.signs = signs
        reader.signAt = now
      }
      const silent = now - reader.signAt
      if (silent > 1000) reader.awayMs = Math.max(reader.awayMs, silent)
      if (silent > silentMs && now - reader.brokenAt > silentMs) {
        reader.brokenAt = now
        stream.breakOff()
      }
    }
    for (const [n, pause] of this.#pauses.entries()) {
      const count = this.#publishers[n]?.acknowledged.length ?? 0
      if (count > pause.count) Object.assign(pause, { count, since: now })
      else if (count > 0) pause.longestMs = Math.max(pause.longestMs, now - pause.since)
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** Nothing was lost, came twice, out of order, or had to be told as a gap. */
export function assertWhole(audits: Found[]): void {
  for (const { gaps, worker, ...found } of audits)
    assert.deepEqual({ ...found, gaps }, { lost: [], doubled: [], disordered: [], gaps: 0 }, `by ${worker}`)
}

/**
 * Nothing that was acknowledged was lost, and nothing came out of order. What a reader had seen before it was acknowledged may have
 * gone with a master: then it comes again when it is repeated, and a gap was told.
 */
export function assertNothingLost(audits: Found[]): void {
  for (const { lost, doubled, disordered, gaps, worker } of audits) {
    assert.deepEqual([lost, disordered], [[], []], `by ${worker}`)
    assert.ok(doubled.length === 0 || gaps > 0, `duplicate without a gap: ${doubled.join(' ')}`)
  }
}
