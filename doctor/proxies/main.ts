import type { Finding } from '../checks/check.ts'
import { findingText } from '../report.ts'
import { judge } from './judge.ts'
import { proxies } from './list.ts'
import type { Proxy } from './proxy.ts'

/** `make proxies`: every proxy at its default and mended, and what the doctor says of each. NAME=nginx for some of them. */
const chosen = proxies.filter(({ name }) => name.includes(process.env.NAME ?? ''))
// Each waits most of its time, but delays are measured meanwhile.
const atATime = 6

type Variant = 'broken' | 'mended'

/** Runs one row and prints it: what is red, and of a row that is not as expected everything. Answers what is wrong with it. */
async function show(proxy: Proxy, variant: Variant): Promise<string | undefined> {
  const { line, expects } = proxy[variant]
  const title = `${proxy.name}, ${variant}`
  try {
    const findings = await judge(proxy, variant)
    const found = checksOf(findings, 'BROKEN')
    const right = found.join() === expects.join()
    const shown = findings.filter(({ verdict }) => !right || verdict === 'BROKEN' || verdict === 'RISK')
    process.stdout.write(`\n== ${title}: ${line}\n${shown.map(findingText).join('\n')}\n`)
    return right
      ? undefined
      : `WRONG  ${title}: expected ${listed(expects)}, found ${listed(found)}; all findings stand above`
  } catch (error) {
    process.stdout.write(`\n== ${title}: ${String(error)}\n`)
    return `WRONG  ${title}: expected ${listed(expects)}, found nothing: ${String(error)}`
  }
}

function checksOf(findings: Finding[], verdict: Finding['verdict']): string[] {
  return findings.filter(finding => finding.verdict === verdict).map(({ check }) => check)
}

function listed(checks: readonly string[]): string {
  return checks.length === 0 ? 'nothing broken' : `BROKEN ${checks.join(', ')}`
}

const left = chosen.flatMap(proxy => [() => show(proxy, 'broken'), () => show(proxy, 'mended')])
const results: (string | undefined)[] = []
const worker = async () => {
  for (let next = left.shift(); next !== undefined; next = left.shift()) results.push(await next())
}
await Promise.all(Array.from({ length: atATime }, worker))
const wrong = results.filter(text => text !== undefined)
process.stdout.write(`\n${wrong.map(text => `${text}\n`).join('')}`)
process.stdout.write(`${results.length - wrong.length} passed, ${wrong.length} failed\n`)
process.exitCode = wrong.length > 0 || results.length === 0 ? 1 : 0
