import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { grid } from '@sse-lab/load/k6/lib/grid.ts'
import type { Result } from '../rig/act.ts'
import { catalogue } from '../catalogue.ts'
import type { Lesson } from '../scenario.ts'

const root = new URL('../../', import.meta.url)

/** One scenario as the report, the page and docs/scenarios show it. */
export type Row = Omit<Lesson, 'code'> & {
  code: { file: string; line: number; text: string }[]
  doc: string
  predicted: { broken: string; fixed: string }
  measured: { broken: string; fixed: string; evidence?: string }
  verdict: 'holds' | 'does not hold'
}

/** What a run of scenarios came to. `ranAt` is ISO 8601; `pins` are the versions of what was measured. */
export type Report = {
  ranAt: string
  cores: number
  pins: Record<string, string>
  length: 'short' | 'full'
  scenarios: Row[]
}

/** Makes the report of a run. Rejects if a place in the code that a scenario names is not there. */
export async function makeReport(results: readonly Result[], length: Report['length']): Promise<Report> {
  const scenarios = await Promise.all(results.map(makeRow))
  return {
    ranAt: new Date().toISOString(),
    cores: availableParallelism(),
    pins: await readPins(),
    length,
    scenarios,
  }
}

async function makeRow({ name, broken, fixed }: Result): Promise<Row> {
  const lesson = lessonOf(name)
  return {
    ...lesson,
    code: await Promise.all(lesson.code.map(findLine)),
    doc: `docs/scenarios/${name}.md`,
    predicted: { broken: broken.predicted, fixed: fixed.predicted },
    measured: {
      broken: broken.measured,
      fixed: fixed.measured,
      ...(broken.evidence !== undefined && { evidence: broken.evidence }),
    },
    verdict: broken.holds && fixed.holds ? 'holds' : 'does not hold',
  }
}

/** The same report with what the catalogue says now: the code moves on, what was measured does not. Throws for a scenario that is gone. */
export async function freshen(report: Report): Promise<Report> {
  const scenarios = await Promise.all(
    report.scenarios.map(async row => {
      const lesson = lessonOf(row.name)
      return { ...row, ...lesson, code: await Promise.all(lesson.code.map(findLine)) }
    }),
  )
  return { ...report, scenarios }
}

/** A recorded report with the rows of a newer run of some scenarios in it. Its day stays that of its oldest rows. */
export function merge(recorded: Report, run: Report): Report {
  const rows = new Map([...recorded.scenarios, ...run.scenarios].map(row => [row.name, row]))
  const scenarios = catalogue.flatMap(({ lesson }) => rows.get(lesson.name) ?? [])
  const whole = run.scenarios.length === catalogue.length
  return whole ? { ...run, scenarios } : { ...recorded, scenarios }
}

function lessonOf(name: string): Lesson {
  const lesson = catalogue.find(scenario => scenario.lesson.name === name)?.lesson
  if (lesson === undefined) throw new Error(`there is no scenario ${name}`)
  return lesson
}

/** The line of a file in which a text stands, and the whole of that line. Rejects if none has it. */
export async function findLine({ file, text }: Lesson['code'][number]): Promise<Row['code'][number]> {
  const lines = (await readFile(new URL(file, root), 'utf8')).split('\n')
  const index = lines.findIndex(line => line.includes(text))
  if (index < 0) throw new Error(`${file} has no line with "${text}"`)
  return { file, line: index + 1, text: lines[index]?.trim() ?? '' }
}

/** The versions of the images that .env pins. */
async function readPins(): Promise<Record<string, string>> {
  const env = await readFile(new URL('.env', root), 'utf8')
  return Object.fromEntries(
    [...env.matchAll(/^(NODE|NGINX|REDIS)_IMAGE=\w+:([\d.]+)/gm)].map(([, name = '', version = '']) => [
      name.toLowerCase(),
      version,
    ]),
  )
}

/** The report as a table of text, a line for each scenario. */
export function textTable({ scenarios }: Report): string {
  const cells = scenarios.map(({ name, predicted, measured, verdict }) => [
    name,
    predicted.broken,
    measured.broken,
    measured.fixed,
    verdict,
  ])
  const rows = [['scenario', 'predicted', 'measured broken', 'measured fixed', 'verdict'], ...cells]
  return grid(rows, Infinity)
}

/** The table of docs/scenarios/README.md: what a run came to, with a link to each scenario's page beside it. */
export function markdownTable({ scenarios }: Report): string {
  const rows = scenarios.map(
    ({ title, name, predicted, measured }) =>
      `| [${title}](${name}.md) | ${predicted.broken} | ${measured.broken} | ${measured.fixed} |`,
  )
  return [
    '| problem | predicted | measured broken | measured fixed |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}
