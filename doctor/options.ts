import { parseArgs } from 'node:util'
import type { Question } from './observe/ask.ts'
import { readCount, type Count } from './observe/count.ts'
import { readPublish, type Publish } from './observe/publish.ts'

export type Options = {
  through: Question
  direct: Question | undefined
  publish: Publish | undefined
  /** How long streams are watched for a cut after the comparison; 0 for `--quick`. */
  quietMs: number
  /** The comparison of through and direct. */
  windowMs: number
  strike: string | undefined
  /** How long the server's return is waited for when the command of `strike` is done. */
  strikeMs: number
  /** Where the server says how many streams it holds. */
  count: Count | undefined
  /** How long the server has to notice that clients have left; 0 for `--quick`: nobody looks. */
  leaveMs: number
  origin: string | undefined
  many: number
  json: boolean
}

/** An argument that cannot be. Its text is one line that names the argument and the fix. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

const known = {
  url: { type: 'string' },
  direct: { type: 'string' },
  header: { type: 'string', multiple: true },
  method: { type: 'string' },
  body: { type: 'string' },
  publish: { type: 'string' },
  quiet: { type: 'string', default: '75s' },
  quick: { type: 'boolean', default: false },
  ca: { type: 'string' },
  strike: { type: 'string' },
  count: { type: 'string' },
  origin: { type: 'string' },
  many: { type: 'string', default: '0' },
  json: { type: 'boolean', default: false },
} as const

const usage = `there are --${Object.keys(known).join(' --')}`

/** Reads the arguments of the command; `readFile` reads the file of `--ca`. Throws an OptionError. */
export function readOptions(args: string[], readFile: (path: string) => string): Options {
  const values = parse(args)
  if (values.url === undefined)
    throw new OptionError('--url is missing: give the stream, like --url http://localhost:8080/events')
  const url = address('--url', values.url)
  const shared = {
    method: (values.method ?? (values.body === undefined ? 'GET' : 'POST')).toUpperCase(),
    headers: readHeaders(values.header ?? [], values.body),
    body: values.body,
    ca: values.ca === undefined ? undefined : certificates(values.ca, readFile),
  }
  const direct = values.direct === undefined ? undefined : address('--direct', values.direct)
  return {
    through: { ...shared, url },
    direct: direct === undefined ? undefined : { ...shared, url: direct },
    publish: values.publish === undefined ? undefined : publishOf(values.publish, url),
    quietMs: values.quick ? 0 : duration(values.quiet),
    windowMs: 8000,
    strike: values.strike,
    strikeMs: 30_000,
    count: values.count === undefined ? undefined : countOf(values.count, direct ?? url),
    // Two heartbeats of 15 s and some: whoever notices by writing has noticed by then.
    leaveMs: values.quick ? 0 : 35_000,
    origin: values.origin,
    many: numberOf(values.many),
    json: values.json,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: known, strict: true }).values
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new OptionError(`${text.split('. ')[0]}; ${usage}`)
  }
}

function address(name: string, text: string): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new OptionError(
      `${name} must be the address of a stream, like http://localhost:8080/events (got ${text})`,
    )
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    throw new OptionError(`${name} must not hold a password: give HEADER='Authorization: Basic …'`)
  }
  return url
}

function readHeaders(lines: readonly string[], body: string | undefined): Record<string, string> {
  // Some firewalls refuse whoever does not say who it is.
  const headers: Record<string, string> = {
    accept: 'text/event-stream',
    'cache-control': 'no-cache',
    'user-agent': 'sse-lab-doctor',
  }
  if (body !== undefined) headers['content-type'] = /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain'
  for (const line of lines) {
    const { name, value } = /^(?<name>[\w!#$%&'*+.^`|~-]+):\s*(?<value>.*)$/.exec(line)?.groups ?? {}
    if (name === undefined || value === undefined) {
      throw new OptionError(`--header must be like 'Name: value' (got ${line})`)
    }
    headers[name.toLowerCase()] = value
  }
  return headers
}

function certificates(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path)
  } catch (error) {
    throw new OptionError(`--ca cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function publishOf(text: string, url: URL): Publish {
  try {
    return readPublish(text, url)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new OptionError(
      `--publish must be like 'POST /events {"topic":"lobby","data":"{data}"}', or a command with {data}: ${why}`,
    )
  }
}

function countOf(text: string, base: URL): Count {
  try {
    return readCount(text, base)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new OptionError(`--count must be like 'http://localhost:3000/metrics sse_connections': ${why}`)
  }
}

function duration(text: string): number {
  const { number, unit } = /^(?<number>\d+)(?<unit>ms|s|m)$/.exec(text)?.groups ?? {}
  if (number === undefined) throw new OptionError(`--quiet must be a time, like 130s (got ${text})`)
  return Number(number) * ({ ms: 1, s: 1000, m: 60_000 }[unit ?? 's'] ?? 1000)
}

function numberOf(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new OptionError(`--many must be a number of streams (got ${text})`)
  return Number(text)
}
