import { catalogue, valuesOf } from './constants.ts'
import { planFor, type Plan, type Question } from './plan.ts'
import type { Return } from './herd.ts'
import { count } from './report.ts'
import { returnsOf, type Returns } from './returns.ts'

/** The tables of docs/scale.md, as `npm run plan -- --steps` prints them and steps.test.ts holds them against the page. */
const sizes = [10_000, 100_000, 1_000_000, 10_000_000]
const host = { eventBytes: 120, hostCores: 16, hostGib: 32 }

const shapes: { title: string; question: (streams: number) => Question }[] = [
  {
    title: 'One topic for all, 10 events a second',
    question: streams => ({ ...host, streams, topics: 1, eventsPerSecond: 10 }),
  },
  {
    title: 'A topic for each stream, an event a minute on each',
    question: streams => ({ ...host, streams, topics: streams, eventsPerSecond: streams / 60 }),
  },
]

const columns: [string, (plan: Plan, herd: Returns) => string][] = [
  ['streams', ({ question }) => count(question.streams)],
  ['log', ({ design }) => design],
  ['masters', ({ masters }) => count(masters)],
  ['workers', ({ workers }) => count(workers)],
  ['hosts', ({ hosts }) => count(hosts)],
  ['busy cores', ({ busyCores }) => count(Object.values(busyCores).reduce((sum, cores) => sum + cores))],
  ['memory GiB', ({ memoryGib }) => count(memoryGib.total)],
  ['Gbit/s', ({ clientsGbit }) => count(clientsGbit)],
  ['US$ a month', ({ monthUsd }) => count(monthUsd.total)],
  ['breaks first', ({ limits: [first] }) => `${first?.name} (${count((first?.used ?? 0) * 100)} %)`],
  ['back, told 1 to 5 s', (_, herd) => back(herd.fixed)],
  ['told up to', (_, herd) => `${count(herd.toldMaxS)} s`],
  ['enough so that nobody waits', (_, herd) => `${count(herd.fittedRetryMaxS)} s`],
  ['back, half of the hosts lost', (_, herd) => back(herd.halfLost)],
]

function back({ seconds, connects }: Return): string {
  return seconds === null ? 'not within an hour' : `${count(seconds)} s, ${connects.toFixed(1)} connects`
}

export function stepsText(): string {
  const values = valuesOf(catalogue)
  return shapes
    .map(({ title, question }) => {
      const rows = sizes.map(streams => {
        const plan = planFor(question(streams), values)
        const herd = returnsOf(plan, values)
        return `| ${columns.map(([, cell]) => cell(plan, herd)).join(' | ')} |`
      })
      const head = `| ${columns.map(([name]) => name).join(' | ')} |\n| ${columns.map(() => '---').join(' | ')} |`
      return `### ${title}\n\n${head}\n${rows.join('\n')}`
    })
    .join('\n\n')
}
