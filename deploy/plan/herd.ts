/**
 * Streams are lost in one instant, and come back when they were told to. Connections are taken in the order in which they came, as
 * fast as the hosts' cores allow; a TLS handshake is most of that. Of those, the workers serve as many as they have time for, and
 * the rest is told to come later: its handshake is spent. In steps of a tenth of a second, with shares of clients instead of single ones.
 */
export type Herd = {
  streams: number
  /** Those that stay open meanwhile, and as many as there is room for in all. */
  stay: number
  room: number
  /** All cores that proxies and workers share, and what the load takes of them when everybody is back. */
  hosts: Cores
  /** A worker is one thread: no more than this of the above is theirs. */
  workers: Cores
  cost: Costs
  laterS: Span
}

export type Cores = { cores: number; loadCores: number }

/** In µs of a core: a return in a proxy and in a worker, and one that a proxy tells to come later. */
type Costs = { openUs: number; returnUs: number; laterUs: number }

/** From when until when, in seconds. */
export type Span = readonly [min: number, max: number]

export type Return = {
  /** Until 99.9 % are back; null where that takes more than an hour. */
  seconds: number | null
  /** The share that is back then. */
  back: number
  /** How often a client connects, on average. */
  connects: number
  /** How long proxies or workers had no time left: everything for those who are back is late, too. */
  fullSeconds: number
  /** How long a client waits at most until a proxy takes its connection, an hour at most: longer is not simulated. */
  waitSeconds: number
}

const stepS = 0.1
const stepUs = stepS * 1e6
const hourSteps = 36_000
const enough = 0.999

export function simulateReturn(herd: Herd, retryS: Span): Return {
  const { streams } = herd
  const due = new Float64Array(hourSteps)
  spread(due, 0, streams, retryS)
  let [waiting, back, connects, fullSteps, waitSeconds] = [0, 0, 0, 0, 0]
  const result = (seconds: number | null): Return => ({
    seconds,
    back: back / streams,
    connects: connects / streams,
    fullSeconds: fullSteps * stepS,
    waitSeconds: Math.min(waitSeconds, hourSteps * stepS),
  })
  for (const [step, come] of due.entries()) {
    connects += come
    waiting += come
    const { taken, served } = takeOf(waiting, herd.stay + back, herd)
    waiting -= taken
    back += served
    spread(due, step, taken - served, herd.laterS)
    if (waiting > 0 || taken > served) fullSteps += 1
    if (waiting > 0 && taken > 0) waitSeconds = Math.max(waitSeconds, (waiting / taken) * stepS)
    if (back >= streams * enough) return result((step + 1) * stepS)
  }
  return result(null)
}

/** How many of those who wait are taken in a step, and how many of these are served. The load of who is back goes on. */
function takeOf(waiting: number, open: number, { streams, stay, room, hosts, workers, cost }: Herd) {
  const share = open / (stay + streams)
  const free = freeUs(hosts, share)
  const served = Math.min(
    waiting,
    Math.max(room - open, 0),
    freeUs(workers, share) / cost.returnUs,
    free / (cost.returnUs + cost.openUs),
  )
  const left = free - served * (cost.returnUs + cost.openUs)
  return { served, taken: Math.min(waiting, served + left / cost.laterUs) }
}

function freeUs({ cores, loadCores }: Cores, share: number): number {
  return Math.max(cores - loadCores * share, 0) * stepUs
}

/** Puts clients into the steps of a span after now, each the same share. */
function spread(due: Float64Array, now: number, clients: number, [min, max]: Span): void {
  if (clients <= 0) return
  const first = now + Math.max(1, Math.round(min / stepS))
  const steps = Math.max(1, Math.round((max - min) / stepS))
  for (let step = first; step < Math.min(first + steps, due.length); step += 1)
    due[step] = (due[step] ?? 0) + clients / steps
}

/**
 * The longest wait to tell in seconds, so that those who come never ask for more than is free when all are back. At least the `max` of
 * the span; Infinity where nothing is free then.
 */
export function fittedRetry({ streams, hosts, workers, cost }: Herd, [min, max]: Span): number {
  const takes = ({ cores, loadCores }: Cores, us: number) =>
    loadCores >= cores ? Infinity : (streams * us) / 1e6 / (cores - loadCores)
  const seconds = Math.max(takes(hosts, cost.returnUs + cost.openUs), takes(workers, cost.returnUs))
  return Math.max(max, Math.ceil(min + seconds))
}
