import { grid } from '../k6/lib/grid.ts'

/** What a contender came to in each round. */
export type Measured = { name: string; answers: number[]; p99Ms: number[] }

/**
 * A row of the bench as text: the median, the least and the most of each contender, and the same of its ratio to the first
 * contender in the same round. A ratio outlives what the machine did meanwhile; an absolute figure does not.
 */
export function rowText(title: string, contenders: readonly Measured[]): string {
  const [first] = contenders
  const lines = contenders.map(contender => [
    `  ${contender.name}`,
    spread(contender.answers, 1),
    contender === first ? '' : `${spread(ratios(contender, first), 2)} x ${first?.name}`,
    contender.p99Ms.some(ms => ms > 0) ? `p99 ${median(contender.p99Ms).toFixed(1)} ms` : '',
  ])
  return `${title}\n${grid(lines)}`
}

/** A contender's answers as multiples of another's in the same round. */
export function ratios({ answers }: Measured, to: Measured | undefined): number[] {
  return answers.map((answer, round) => answer / (to?.answers[round] ?? Number.NaN))
}

/** The middle one; of an even number the higher of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function spread(values: readonly number[], digits: number): string {
  const text = (value: number) =>
    value.toLocaleString('en', {
      minimumFractionDigits: value < 1000 ? digits : 0,
      maximumFractionDigits: value < 1000 ? digits : 0,
    })
  if (values.length === 1) return text(median(values))
  return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`
}
