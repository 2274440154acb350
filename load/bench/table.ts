import { grid } from '../k6/lib/grid.ts'

/** What a contender came to in each round; `remarks` say what it promised nobody, and did not do. */
export type Measured = {
  name: string
  answers: number[]
  p50Ms: number[]
  p99Ms: number[]
  remarks?: string[]
}

/**
 * A row of the bench as text: the median, the least and the most of each contender, and the same of its ratio to the first
 * contender in the same round; the lab's to the best of the others as well, of whose answers `more` are the better or not. A
 * ratio outlives what the machine did meanwhile; an absolute figure does not.
 */
export function rowText(title: string, contenders: readonly Measured[], more = false): string {
  const [first] = contenders
  const best = bestOther(contenders, more)
  const lines = contenders.map(contender => {
    if (contender.answers.length === 0) return [`  ${contender.name}`, remarksOf(contender)]
    const toBest = best !== undefined && best !== first && isLab(contender)
    return [
      `  ${contender.name}`,
      spread(contender.answers, 1),
      contender === first ? '' : `${spread(ratios(contender, first), 2)} x ${first?.name}`,
      toBest ? `${spread(ratios(contender, best), 2)} x ${best.name}` : '',
      contender.p99Ms.some(ms => ms > 0)
        ? `p50 ${median(contender.p50Ms).toFixed(1)}, p99 ${spread(contender.p99Ms, 1)} ms`
        : '',
      remarksOf(contender),
    ]
  })
  return `${title}\n${grid(lines)}`
}

/** Of those that are neither the lab nor the limit: whose median is the best. Undefined where nobody else was asked. */
export function bestOther(contenders: readonly Measured[], more: boolean): Measured | undefined {
  const asked = contenders.filter(one => !isLab(one) && one.name !== 'limit' && one.answers.length > 0)
  const sorted = asked.toSorted((a, b) => median(a.answers) - median(b.answers))
  return sorted.at(more ? -1 : 0)
}

/** A contender's answers as multiples of another's in the same round. */
export function ratios({ answers }: Measured, to: Measured | undefined): number[] {
  return answers.map((answer, round) => answer / (to?.answers[round] ?? Number.NaN))
}

/** The middle one; of an even number the higher of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

export function isLab({ name }: { name: string }): boolean {
  return name.startsWith('lab')
}

function remarksOf({ remarks = [] }: Measured): string {
  return [...new Set(remarks)].join('; ')
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
