import { cases } from './kit/cases.ts'
import { OptionError, readOptions } from './kit/options.ts'
import { resultText, sumText } from './kit/report.ts'
import { casesTable } from './kit/table.ts'
import { NoAnswer, runCases } from './kit/run.ts'

/** `make conformance URL=…`: which rules a server of event streams keeps. docs/conformance.md lists them. */
const exitUsage = 2
const args = process.argv.slice(2)

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function main(): Promise<void> {
  if (args[0] === '--list') {
    print(casesTable(cases))
    return
  }
  const options = readOptions(args)
  if (!cases.some(({ id }) => id.startsWith(options.only))) {
    throw new OptionError(`--only: no case begins with ${options.only}; --list lists them`)
  }
  const results = await runCases(cases, options, result => print(resultText(result)))
  print(sumText(results))
  // A run that judged nothing proves nothing.
  const judged = results.some(({ outcome }) => outcome !== 'skip')
  process.exitCode = results.some(({ outcome }) => outcome === 'FAIL') || !judged ? 1 : 0
}

await main().catch((error: unknown) => {
  if (!(error instanceof OptionError || error instanceof NoAnswer)) throw error
  process.stderr.write(`conformance: ${error.message}\n`)
  process.exitCode = exitUsage
})
