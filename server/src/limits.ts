// setTimeout fires at once for a longer delay (Node: 32-bit signed), so no duration may exceed it.
const durationMsMax = 2 ** 31 - 1

type Limit = readonly [min: number, max: number, fallback: number]

/**
 * Bounds and default of every number of the core that can be set: the one list for the options of `createSse` and for the
 * environment of the lab's server (HEARTBEAT_MS is heartbeatMs). sse-options.ts says what each means.
 */
export const limits = {
  heartbeatMs: [0, durationMsMax, 15_000],
  retryMsMin: [1, durationMsMax, 1000],
  retryMsMax: [1, durationMsMax, 5000],
  streamMs: [0, durationMsMax, 1_800_000],
  drainMs: [0, 600_000, 5000],
  // A million small events are 0.74 GB in each worker and 14 s of a core at its start (docs/decisions.md); far above, a worker
  // is not ready within pm2's minute.
  logEventsMax: [1, 1_000_000, 10_000],
  logBytesMax: [1024, 2 ** 30, 16 * 2 ** 20],
  bufferedBytesMax: [1024, 2 ** 30, 2 ** 20],
  eventBytesMax: [256, 2 ** 26, 2 ** 16],
  connectionsMax: [1, 1_000_000, 10_000],
  returnsPerSecond: [1, 1_000_000, 500],
  opensPerSecondMax: [1, 1_000_000, 10_000],
  publishTimeoutMs: [1, 60_000, 1500],
  confirm: [0, 5, 0],
  partitions: [1, 64, 1],
  batchMs: [0, 1000, 5],
  unsentBytesMax: [1024, 2 ** 34, 2 ** 28],
  subjectStreamsMax: [1, 1_000_000, 20],
  subjectPublishesPerSecondMax: [1, 1_000_000, 50],
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof limits

export const limitNames: readonly LimitName[] = Object.keys(limits).filter(isLimit)

function isLimit(name: string): name is LimitName {
  return name in limits
}

/** What a number must be, for people who got it wrong. */
export function rangeRule([min, max]: Limit): string {
  return `must be an integer ${min}-${max}`
}

const agreements: readonly { name: LimitName; limit: LimitName; part: number }[] = [
  { name: 'retryMsMin', limit: 'retryMsMax', part: 1 },
  // A batch is at most half of what a connection may hold, and an event must fit into a batch.
  { name: 'eventBytesMax', limit: 'bufferedBytesMax', part: 0.5 },
  { name: 'eventBytesMax', limit: 'logBytesMax', part: 1 },
]

/**
 * Numbers that are right by themselves and wrong together, each in a line. `spell` is how the reader of the line knows a name.
 * One that is absent (it was bad by itself, and said already) is not compared.
 */
export function disagreements(
  it: Partial<Record<LimitName, number>>,
  spell: (name: LimitName) => string,
): string[] {
  return agreements.flatMap(({ name, limit, part }) => {
    const [value = 0, whole = Infinity] = [it[name], it[limit]]
    // Several logs share the bound.
    const logs = limit === 'logBytesMax' ? (it.partitions ?? 1) : 1
    const bound = (whole * part) / logs
    if (value <= bound) return []
    const share = (part === 1 ? '' : 'half of ') + (logs === 1 ? '' : `a ${logs}th of `)
    return `${spell(name)} must be at most ${share}${spell(limit)} (got ${value}, at most ${bound})`
  })
}
