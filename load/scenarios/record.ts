import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { freshen, markdownTable, type Report } from './report.ts'
import { withTable } from './table-place.ts'

/**
 * `make record-scenarios`: takes the last report of `make scenarios` over into what is committed, docs/scenarios/results.json
 * for the page and the table of the README. The only argument is the root of the repository.
 */
const root = pathToFileURL(`${process.argv[2] ?? '.'}/`)
const at = (path: string) => new URL(path, root)

const text = await readFile(at('load/reports/scenarios.json'), 'utf8')
// It was written by main.ts.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const report = await freshen(JSON.parse(text) as Report)
if (report.length !== 'full') throw new Error('load/reports/scenarios.json is not of a run at full length')

const readme = withTable(await readFile(at('README.md'), 'utf8'), markdownTable(report))
const options = await resolveConfig(at('README.md'))
await writeFile(at('README.md'), await format(readme, { ...options, parser: 'markdown' }))
await writeFile(
  at('docs/scenarios/results.json'),
  await format(JSON.stringify(report), { ...options, parser: 'json' }),
)
process.stdout.write(`recorded ${report.scenarios.length} scenarios of ${report.ranAt}\n`)
