/** One second of a side. Latencies in milliseconds, null where nothing came. */
export interface Second {
  published: number
  delivered: number
  p50: number | null
  p99: number | null
}

/** Seconds kept. */
export const secondsMax = 60
/** Latencies kept of one second: a sample is enough for two percentiles. */
const samplesMax = 2000

/** Counts by the second what one side takes and gives. */
export class Meter {
  readonly #seconds = new Map<number, { published: number; delivered: number; latencies: number[] }>()

  published(nowMs: number): void {
    this.#at(nowMs).published += 1
  }

  delivered(nowMs: number, latencyMs: number): void {
    const second = this.#at(nowMs)
    second.delivered += 1
    if (second.latencies.length < samplesMax) second.latencies.push(latencyMs)
  }

  /** The last whole seconds, the oldest first. */
  read(nowMs: number): Second[] {
    const now = Math.floor(nowMs / 1000)
    return Array.from({ length: secondsMax }, (_, index) => {
      const second = this.#seconds.get(now - secondsMax + index)
      const latencies = second?.latencies.toSorted((a, b) => a - b) ?? []
      return {
        published: second?.published ?? 0,
        delivered: second?.delivered ?? 0,
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
      }
    })
  }

  #at(nowMs: number) {
    const key = Math.floor(nowMs / 1000)
    const known = this.#seconds.get(key)
    if (known !== undefined) return known
    for (const old of this.#seconds.keys()) if (old < key - secondsMax) this.#seconds.delete(old)
    const made = { published: 0, delivered: 0, latencies: [] }
    this.#seconds.set(key, made)
    return made
  }
}

function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
}
