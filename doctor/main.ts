import { readFileSync } from 'node:fs'
import { diagnose } from './checks/all.ts'
import { CannotJudge, observe } from './observe/observe.ts'
import { OptionError, readOptions } from './options.ts'
import { findingText, headText, sumText } from './report.ts'

/** `make doctor URL=…`: what is wrong with a stream, where, and the line that mends it. docs/doctor.md explains each. */
const exitBroken = 1
const exitUnjudged = 2

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), path => readFileSync(path, 'utf8'))
  const seen = await observe(options, text => process.stderr.write(`  doctor ${text}\n`))
  const findings = diagnose(seen)
  if (options.json) {
    print(JSON.stringify(findings, undefined, 2))
  } else {
    print(headText(seen))
    for (const finding of findings) print(findingText(finding))
    print(sumText(findings))
  }
  process.exitCode = findings.some(({ verdict }) => verdict === 'BROKEN') ? exitBroken : 0
}

await main().catch((error: unknown) => {
  if (!(error instanceof OptionError || error instanceof CannotJudge)) throw error
  process.stderr.write(`doctor: ${error.message}\n`)
  process.exitCode = exitUnjudged
})
