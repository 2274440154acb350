import { read, type SeenEvent } from './events.ts'
import type { Recording } from './observations.ts'

/**
 * How much later an event came than on the streams it is compared with. One that has not come is as late as it was awaited: until
 * `untilMs`, or until the last stream that could have brought it was over.
 */
export type Lag = { lagMs: number; arrived: boolean }

// An event of this time after the streams were opened is one that all of them should hear.
const settleMs = 500

/** Do all streams get the same events at the same moment, or has each its own, which begin when it is opened? */
export type Sharing = 'shared' | 'own' | 'unknown'

/** Judged by a stream that was opened a moment after the others, on the same side. Without one nobody knows better than `shared`. */
export function sharingOf(plain: Recording[], younger: Recording[]): Sharing {
  if (younger.length === 0) return 'shared'
  const fromMs = Math.max(...younger.map(({ openedAtMs }) => openedAtMs)) + settleMs
  const youngers = firstArrivals(younger)
  const all = [...firstArrivals(plain)]
  // What is said again and again says nothing of the moment.
  const again = new Set(all.filter(([key]) => !key.startsWith('1\n')).map(([key]) => textOf(key)))
  const telling = all.filter(([key, atMs]) => atMs > fromMs && !again.has(textOf(key)))
  if (telling.length === 0) return 'unknown'
  const shared = telling.some(([key, atMs]) => Math.abs((youngers.get(key) ?? Infinity) - atMs) < settleMs)
  return shared ? 'shared' : 'own'
}

function textOf(key: string): string {
  return key.slice(key.indexOf('\n') + 1)
}

/** Takes off what all have in common: of streams with events of their own, how much later they began. */
export function sinceBeginning(found: Lag[]): Lag[] {
  const shift = Math.min(...found.filter(({ arrived }) => arrived).map(({ lagMs }) => lagMs))
  return Number.isFinite(shift) && shift > 0
    ? found.map(lag => (lag.arrived ? { ...lag, lagMs: lag.lagMs - shift } : lag))
    : found
}

/**
 * Compares streams with others that were opened at the same moment. The first arrival on any stream of a side counts, so that a
 * server whose workers do not share events looks no slower for it. Where no event is the same on both, as on a server that makes each stream
 * its own, the first, the second and so on are compared by the time since their stream was opened.
 */
export function lags(these: Recording[], others: Recording[], untilMs: number): Lag[] {
  const mine = firstArrivals(these)
  const theirs = firstArrivals(others)
  if (![...theirs.keys()].some(key => mine.has(key))) return byPlace(these, others, untilMs)
  const settledMs = Math.max(...[...these, ...others].map(({ openedAtMs }) => openedAtMs)) + settleMs
  // A buffer keeps the order: what is missing before one that came is not held, but went to other streams.
  const lastMs = Math.max(...[...theirs].filter(([key]) => mine.has(key)).map(([, atMs]) => atMs))
  const awaitedMs = livedUntil(these, untilMs)
  const found: Lag[] = []
  for (const [key, otherMs] of theirs) {
    const atMs = mine.get(key)
    if (atMs !== undefined) found.push({ lagMs: atMs - otherMs, arrived: true })
    else if (otherMs > settledMs && otherMs > lastMs && otherMs < awaitedMs) {
      found.push({ lagMs: awaitedMs - otherMs, arrived: false })
    }
  }
  return found
}

/** When the last of these streams was over, or `untilMs` where one outlived it. */
export function livedUntil(streams: Recording[], untilMs: number): number {
  return Math.min(
    untilMs,
    Math.max(...streams.map(({ end, closedAtMs }) => end?.atMs ?? closedAtMs ?? untilMs)),
  )
}

function firstArrivals(recordings: Recording[]): Map<string, number> {
  const first = new Map<string, number>()
  for (const recording of recordings) {
    const times = new Map<string, number>()
    for (const event of read(recording).events) {
      const plain = `${event.type}\n${event.id}\n${event.data}`
      // The same text again and again is the first, the second, and so on.
      const nth = (times.get(plain) ?? 0) + 1
      times.set(plain, nth)
      const key = `${nth}\n${plain}`
      first.set(key, Math.min(first.get(key) ?? Infinity, event.atMs))
    }
  }
  return first
}

function byPlace(these: Recording[], others: Recording[], untilMs: number): Lag[] {
  const mine = fullest(these)
  const theirs = fullest(others)
  if (mine === undefined || theirs === undefined) return []
  const awaitedMs = livedUntil([mine.recording], untilMs) - mine.openedAtMs
  return theirs.events.flatMap(({ atMs }, place): Lag[] => {
    const own = mine.events[place]
    const sinceMs = atMs - theirs.openedAtMs
    if (own !== undefined) return [{ lagMs: own.atMs - mine.openedAtMs - sinceMs, arrived: true }]
    return sinceMs < awaitedMs ? [{ lagMs: awaitedMs - sinceMs, arrived: false }] : []
  })
}

function fullest(
  recordings: Recording[],
): { recording: Recording; events: SeenEvent[]; openedAtMs: number } | undefined {
  return recordings
    .map(recording => ({ recording, events: read(recording).events, openedAtMs: recording.openedAtMs }))
    .toSorted((a, b) => b.events.length - a.events.length)[0]
}
