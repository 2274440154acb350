import type { Random } from '@sse-lab/testkit/random.ts'
import type { Fault } from './fault.ts'
import { faults } from './faults.ts'

/** Two faults that can be struck at once, in the order of the list. */
export type Pair = [Fault, Fault]

/** Every pair that has nothing in common to hit. */
export const pairs: readonly Pair[] = faults.flatMap((first, index) =>
  faults
    .slice(index + 1)
    .filter(second => first.hits.every(part => !second.hits.includes(part)))
    .map((second): Pair => [first, second]),
)

/** Draws `count` different pairs. */
export function drawPairs(random: Random, count: number): Pair[] {
  const drawn = new Set<Pair>()
  while (drawn.size < count) drawn.add(random.pick(pairs))
  return [...drawn]
}

export function pairName([first, second]: Pair): string {
  return `${first.name}, and ${second.name}`
}
