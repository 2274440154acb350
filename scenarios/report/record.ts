import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { freshen, markdownTable, merge, type Report } from './report.ts'
import { withTable } from './table-place.ts'

/**
 * `make record-scenarios`: takes the last report of `make scenarios`, of all or of some, over into what is committed:
 * scenarios/results.json for the page, and the table of docs/scenarios/README.md. The only argument is the root of the repository.
 */
const root = pathToFileURL(`${process.argv[2] ?? '.'}/`)
const at = (path: string) => new URL(path, root)

const run = await readReport('load/reports/scenarios.json')
if (run.length !== 'full') throw new Error('load/reports/scenarios.json is not of a run at full length')
const report = await freshen(merge(await readReport('scenarios/results.json'), run))

const page = at('docs/scenarios/README.md')
const index = withTable(await readFile(page, 'utf8'), markdownTable(report))
const options = await resolveConfig(page)
await writeFile(page, await format(index, { ...options, parser: 'markdown' }))
await writeFile(
  at('scenarios/results.json'),
  await format(JSON.stringify(report), { ...options, parser: 'json' }),
)
process.stdout.write(`recorded ${run.scenarios.length} of ${report.scenarios.length} scenarios\n`)

// Both were written by us.
async function readReport(path: string): Promise<Report> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(await readFile(at(path), 'utf8')) as Report
}
