import { mkdir, writeFile } from 'node:fs/promises'
import { stackReady } from '@sse-lab/testkit/stack.ts'
import { actBoth, type Result } from './rig/act.ts'
import { chosen } from './chosen.ts'
import { htmlPage } from './report/html.ts'
import { makeReport, textTable } from './report/report.ts'
import { Ground } from './rig/rig.ts'

/**
 * `make scenarios`: every scenario at full length, broken and fixed, or those of NAME=…. Prints the table, writes
 * load/reports/scenarios.json and .html, and ends with 1 if a verdict does not hold.
 */
const reports = new URL('../load/reports/', import.meta.url)

const wanted = chosen(process.env.NAME)
await stackReady()
const results: Result[] = []
{
  await using ground = new Ground()
  for (const scenario of wanted) {
    const result = await actBoth(ground, scenario, true)
    results.push(result)
    for (const side of ['broken', 'fixed'] as const) {
      const { predicted, measured, holds, evidence, ms } = result[side]
      print(`${holds ? '✔' : '✖'} ${result.name}, ${side}: ${measured} (${(ms / 1000).toFixed(1)} s)`)
      if (!holds) print(`  predicted: ${predicted}\n  ${evidence ?? ''}`)
    }
  }
}

const report = await makeReport(results, 'full')
await mkdir(reports, { recursive: true })
await writeFile(new URL('scenarios.json', reports), `${JSON.stringify(report, null, 2)}\n`)
await writeFile(new URL('scenarios.html', reports), htmlPage(report))
print(`\n${textTable(report)}\n`)
const wrong = report.scenarios.filter(({ verdict }) => verdict !== 'holds')
print(`${report.scenarios.length - wrong.length} of ${report.scenarios.length} as predicted`)
print('Full report: load/reports/scenarios.html')
process.exit(wrong.length > 0 ? 1 : 0)

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
