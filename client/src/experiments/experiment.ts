import { streamsWanted, type Bench } from '../bench.ts'
import type { Side } from '../side/side.ts'

export type ExperimentName = 'publish' | 'quiet' | 'kill' | 'proxy' | 'leave'

/** Both sides of a lab that has both, and what may be done to them. */
export interface Sides {
  readonly bench: Bench
  readonly broken: Side
  readonly fixed: Side
}

/** What theory says and what was seen, in the same words. */
export interface Finding {
  readonly predicted: string
  readonly measured: string
}

export interface Outcome {
  readonly broken: Finding
  readonly fixed: Finding
  /** Whether what was seen is what theory says, on both sides. */
  readonly agrees: boolean
  /** The answer to the question that the person was asked. */
  readonly answer: number
}

/** Says how it goes on; with `untilMs`, by performance.now(), something is counted down. */
export type Say = (text: string, untilMs?: number) => void

interface Question {
  readonly text: string
  readonly max: number
  readonly unit: string
}

/** Some lines to copy, and where they belong. */
interface Lines {
  readonly place: string
  readonly text: string
}

export interface Experiment {
  readonly name: ExperimentName
  readonly title: string
  readonly act: string
  /** What will be done, in a sentence. */
  sentence(bench: Bench): string
  question(bench: Bench): Question
  /** Throws, with a sentence for the person, where it could not be measured. */
  run(sides: Sides, say: Say): Promise<Outcome>
  readonly why: readonly [string, string, string]
  readonly lines: readonly Lines[]
  /** The scenario that measures the same: its page is at /docs/scenarios/<name>. */
  readonly scenario: string
}

/** How many clients the broken side has when all are there. */
export function clientsOf({ broken }: Bench): number {
  return Math.min(streamsWanted, broken?.streamsMax ?? streamsWanted)
}

/** Resolves when the condition holds; answers false if it did not within `ms`. */
export async function holds(condition: () => boolean, ms: number): Promise<boolean> {
  const until = performance.now() + ms
  while (!condition()) {
    if (performance.now() > until) return false
    await new Promise(soon => setTimeout(soon, 50))
  }
  return true
}

/** Every stream open, and the event that went last everywhere or lost. */
export async function calm({ broken, fixed, bench }: Sides): Promise<void> {
  for (const side of [broken, fixed]) side.reloadDead()
  const sides = [broken, fixed]
  await holds(
    () => sides.every(side => side.open.length === side.streams.all.length && side.waiting === 0),
    15_000,
  )
  if (sides.some(side => side.open.length === 0)) throw new Error('no stream is open')
  bench.refreshWorkers()
}

/** What streams have missed while they were away, added up. */
export function missedBy(side: Side, streams: Iterable<number>): { replayed: number; lost: number } {
  const all = [...streams].map(stream => side.ledger.missed(stream))
  return {
    replayed: all.reduce((sum, { replayed }) => sum + replayed, 0),
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
  }
}
