import type { Report } from 'k6/x/eventsource'
import type { Side } from './sides.ts'
import type { Row } from './verdict.ts'

/** For tests: the sides of the lab, and rows of which a test says only what it is about. */
export const fixed: Side = { name: 'fixed', url: 'http://nginx', expects: 'delivery', quiet: 'lives' }
export const broken: Side = { name: 'broken', url: 'http://nginx:8081', expects: 'loss', quiet: 'cut' }

/** A row of a run in which nothing is wrong, but for what is given. */
export function rowWith(more: Partial<Report>, side = fixed, script: Row['script'] = 'fanout'): Row {
  const report: Report = {
    ledger: 'test',
    streams: 10,
    streamsLate: 0,
    attempts: 5,
    published: 5,
    refused: 0,
    due: 50,
    delivered: 50,
    lost: 0,
    lostMax: 0,
    lostRate: 0,
    doubled: 0,
    disordered: 0,
    foreign: 0,
    unacknowledged: 0,
    gaps: 0,
    lostPredicted: 0,
    lostRatePredicted: 0,
    unexplained: 0,
    latencyCount: 50,
    latencyP50Ms: 1,
    latencyP95Ms: 2,
    latencyP99Ms: 3,
    latencyMaxMs: 4,
    cuts: 0,
    cutAfterMinMs: 0,
    cutAfterMaxMs: 0,
    turnedAway: 0,
    returns: 0,
    returnsPeakPer100Ms: 0,
    returnsMeanPer100Ms: 0,
    workers: [],
    examples: [],
    ...more,
  }
  return { script, side, streams: 10, report }
}
