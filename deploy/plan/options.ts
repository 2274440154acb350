import { parseArgs } from 'node:util'
import type { Question } from './plan.ts'

export type Options = { question: Question; json: boolean; steps: boolean; constants: boolean }

/** A field that is missing or cannot be. Its text is one line that names the field and what to write. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/** A field: what it is, an example that is right, its bounds, and its value where it is not given. */
type Field = { what: string; example: string; min: number; max: number; fallback?: number }

const fields = {
  streams: { what: 'how many streams are open at once', example: '1M', min: 1, max: 100_000_000 },
  topics: { what: 'how many topics they are spread over', example: '1M', min: 1, max: 1_000_000_000 },
  rate: { what: 'events a second, of all topics together', example: '10k', min: 0, max: 10_000_000 },
  bytes: { what: 'bytes of the data of an event', example: '120', min: 1, max: 1_048_576, fallback: 120 },
  cores: { what: 'cores of a host', example: '16', min: 1, max: 1024, fallback: 16 },
  memory: { what: 'GiB of memory of a host', example: '32', min: 1, max: 16_384, fallback: 32 },
} as const satisfies Record<string, Field>

type FieldName = keyof typeof fields

const usage = Object.entries(fields)
  .map(([name, { what, example }]) => `  --${name.padEnd(8)} ${what}, like ${example}`)
  .join('\n')

/** How it is called, either way. */
export const examples = `like: npm run plan -- --streams 1M --topics 1M --rate 10k
      make plan STREAMS=1M TOPICS=1M RATE=10k`

const help = `${usage}
  --json     the plan as JSON
  --constants  every constant with its source
  --steps    the tables of docs/scale.md
k and M stand for a thousand and a million.`

/** Reads the arguments of the command. Throws an OptionError that names every field that is wrong. */
export function readOptions(args: string[]): Options {
  const values = parse(args)
  const flags = { json: values.json, steps: values.steps, constants: values.constants }
  const wrong: string[] = []
  const field = (name: FieldName) => {
    try {
      return readField(name, fields[name], values[name], flags.steps || flags.constants)
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      wrong.push(error.message)
      return Number.NaN
    }
  }
  const question = {
    streams: field('streams'),
    topics: field('topics'),
    eventsPerSecond: field('rate'),
    eventBytes: field('bytes'),
    hostCores: field('cores'),
    hostGib: field('memory'),
  }
  if (wrong.length > 0) throw new OptionError(wrong.join('; '))
  return { question, ...flags }
}

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const
const known = {
  streams: text,
  topics: text,
  rate: text,
  bytes: text,
  cores: text,
  memory: text,
  json: flag,
  steps: flag,
  constants: flag,
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: known }).values
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new OptionError(`${why.split('. ')[0]}\n${help}`)
  }
}

function readField(name: FieldName, field: Field, given: string | undefined, optional: boolean): number {
  const { what, example, min, max, fallback } = field
  if (given === undefined || given === '') {
    if (fallback !== undefined) return fallback
    if (optional) return min
    throw new OptionError(`--${name} is missing: give ${what}, like --${name} ${example}`)
  }
  const { digits, unit } = /^(?<digits>\d+(\.\d+)?)(?<unit>[kM]?)$/.exec(given)?.groups ?? {}
  const value = Number(digits) * ({ k: 1000, M: 1_000_000 }[unit ?? ''] ?? 1)
  const whole = name === 'rate' || Number.isInteger(value)
  if (digits === undefined || !whole || value < min || value > max)
    throw new OptionError(
      `--${name} must be ${what}, ${whole ? 'a' : 'a whole'} number from ${min} to ${max}, like ${example} (got ${given})`,
    )
  return value
}
