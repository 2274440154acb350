import { catalogue, valuesOf } from './constants.ts'
import { examples, OptionError, readOptions } from './options.ts'
import { planFor } from './plan.ts'
import { returnsOf } from './returns.ts'
import { constantsText, planText } from './report.ts'
import { stepsText } from './steps.ts'

/** `make plan STREAMS=… TOPICS=… RATE=…`: what it takes, and what breaks first. docs/scale.md explains it. Exit 1: nothing here carries it. */
const exitUnfit = 1
const exitUsage = 2

function main(): void {
  const { question, json, steps, constants } = readOptions(process.argv.slice(2))
  if (steps) return print(stepsText())
  if (constants) return print(json ? JSON.stringify(catalogue, undefined, 2) : constantsText())
  const values = valuesOf(catalogue)
  const plan = planFor(question, values)
  const herd = returnsOf(plan, values)
  print(json ? JSON.stringify({ ...plan, herd, constants: catalogue }, undefined, 2) : planText(plan, herd))
  if (!plan.fits) process.exitCode = exitUnfit
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

try {
  main()
} catch (error) {
  if (!(error instanceof OptionError)) throw error
  process.stderr.write(`plan: ${error.message}\n${examples}\n`)
  process.exitCode = exitUsage
}
