import { readFileSync } from 'node:fs'
import { argumentsOf } from './environment.ts'
import { cases } from './kit/cases.ts'
import { OptionError } from './kit/option-error.ts'
import { readOptions } from './kit/options.ts'
import { NoAnswer } from './kit/refusal.ts'
import { exitCode, resultText, sumText } from './kit/report.ts'
import { runCases } from './kit/run.ts'
import { casesTable } from './kit/table.ts'

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
  const given = args[0] === '--environment' ? argumentsOf(process.env) : args
  const options = readOptions(given, path => readFileSync(path, 'utf8'))
  if (!cases.some(({ id }) => id.startsWith(options.only))) {
    throw new OptionError(`--only: no case begins with ${options.only}; --list lists them`)
  }
  const results = await runCases(
    cases,
    options,
    result => print(resultText(result)),
    note => print(`note  ${note}`),
  )
  print(sumText(results))
  process.exitCode = exitCode(results, options.strict)
}

await main().catch((error: unknown) => {
  if (!(error instanceof OptionError || error instanceof NoAnswer)) throw error
  process.stderr.write(`conformance: ${error.message}\n`)
  process.exitCode = exitUsage
})
