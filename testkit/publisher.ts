import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Entry } from './ledger.ts'
import { call, type Answer } from './publish.ts'

export type PublisherParts = {
  /** No spaces: it travels as the first word of `data`. */
  name: string
  topic: string
  /** Repeats what was not acknowledged, with its Idempotency-Key. Only a bus that knows the key delivers it once. */
  repeats: boolean
  /** Added to each event, to make it large. */
  padding?: string
  /** Sent with each publish, as a token is. */
  headers?: Record<string, string>
}

const attemptMs = 2500
const repeatAfterMs = 50
// Retry-After of a limit.
const limitedMs = 1000

/** Publishes its events one after another: the next one only when the last was acknowledged, or given up. */
export class Publisher {
  /** What was answered 202, in order. */
  readonly acknowledged: Entry[] = []
  /** Attempts that were not, by what was the answer: `503 bus-away`, `no answer`, `ECONNRESET`. */
  readonly refusals = new Map<string, number>()
  /** The first answer that no publisher can do anything about: a fault of the server. */
  fatal: string | undefined
  readonly #parts: PublisherParts
  #sequence = 0
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** Attempts that were not acknowledged: refused, cut off, or out of time. */
  get unacknowledged(): number {
    return [...this.refusals.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Publishes the next event. Answers whether it was acknowledged; without `repeats` there is one attempt. */
  async publish(base: string, withinMs: number): Promise<boolean> {
    const { name, topic, repeats, padding = '', headers: own } = this.#parts
    const sequence = this.#sequence++
    const body = JSON.stringify({ topic, data: `${name} ${sequence} ${padding}` })
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...own }
    const deadline = Date.now() + withinMs
    for (;;) {
      const { status, kind } = await call('POST', `${base}/events`, {
        headers,
        body,
        withinMs: attemptMs,
      }).then(
        answer => ({ status: answer.status, kind: kindOf(answer) }),
        (error: unknown) => ({ status: 'no answer' as const, kind: errorKindOf(error) }),
      )
      if (status === 202) {
        this.acknowledged.push({ publisher: name, sequence })
        return true
      }
      this.refusals.set(kind, (this.refusals.get(kind) ?? 0) + 1)
      if (status !== 503 && status !== 429 && status !== 'no answer')
        this.fatal ??= `${status} to ${name}/${sequence}`
      if (this.fatal !== undefined || !repeats || Date.now() > deadline) return false
      await pause(status === 429 ? limitedMs : repeatAfterMs)
    }
  }

  /** Begins to publish, about every `everyMs`, until stop(). */
  start(base: string, everyMs: number, withinMs: number): void {
    const run = async () => {
      while (!this.#stopped && this.fatal === undefined) {
        if (!(await this.publish(base, withinMs)))
          this.fatal ??= `${this.#parts.name} not acknowledged within ${withinMs} ms, however often it was repeated: ${refusalsOf([this])}`
        await pause(everyMs)
      }
    }
    this.#running = run()
  }

  /** Resolves when the last event is acknowledged, or given up. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }
}

/** Why attempts of some publishers were not acknowledged: `503 bus-away 3, ECONNRESET 1`. */
export function refusalsOf(publishers: readonly Publisher[]): string {
  const sums = new Map<string, number>()
  for (const { refusals } of publishers)
    for (const [kind, count] of refusals) sums.set(kind, (sums.get(kind) ?? 0) + count)
  return [...sums].map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none'
}

// Its status, and the code of the problem.
function kindOf({ status, body }: Answer): string {
  const problem = /"code":"([\w-]+)"/.exec(body)?.[1]
  return problem === undefined ? `${status}` : `${status} ${problem}`
}

function errorKindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
