import { median, time } from './figures.ts'
import type { Lag } from './lags.ts'
import type { Recording } from './observations.ts'

// What comes within this time came in one piece.
const burstMs = 50

/** The first burst of bytes on any of these streams: how large, and how long after its stream was opened. */
export function firstRelease(streams: Recording[]): { bytes: number; afterMs: number } | undefined {
  const bursts = streams.flatMap(({ wire, openedAtMs }) => {
    const [first] = wire
    if (first === undefined) return []
    const burst = wire.filter(({ atMs }) => atMs - first.atMs < burstMs)
    return [
      { bytes: burst.reduce((sum, { bytes }) => sum + bytes.length, 0), afterMs: first.atMs - openedAtMs },
    ]
  })
  return bursts.toSorted((a, b) => a.afterMs - b.afterMs)[0]
}

/** How late events were, as evidence. */
export function figuresOf(found: Lag[]): string {
  const middle = median(found.map(({ lagMs }) => lagMs)) ?? 0
  return `${found.length} events, median ${middle < 0 ? '−' : '+'}${time(Math.abs(middle))}`
}
