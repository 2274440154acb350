import { parseArgs } from 'node:util'
import { readAddress, type Address } from './address.ts'
import { OptionError } from './option-error.ts'
import { readPublish, type PublishCall } from './publish-call.ts'

/** Where the server is and how it is spoken to. */
export type Options = {
  base: URL
  /** Path and query of a stream; `{topic}` is replaced, and its parameter repeated for several topics. */
  stream: string
  /** How a stream is asked for. `{topic}` in the body is replaced. */
  method: string
  body: string | undefined
  /** Further headers of every request, by their names in lower case. */
  headers: Readonly<Record<string, string>>
  /** Certificates (PEM) to trust beside those that Node knows. */
  ca: string | undefined
  /** How to publish, or undefined where the server has no such call. */
  publish: PublishCall | undefined
  /** What a stream makes of a text: the text itself, or JSON of it (at a path like `event.data`). `auto` finds out. */
  data: 'auto' | 'text' | 'json'
  dataPath: string | undefined
  /** One stream for all: a case at a time, so that none hears another. */
  serial: boolean
  /** The topic of every case, where a stream has one only. */
  topic: string | undefined
  /** An origin whose pages may call the server. */
  origin: string | undefined
  /** `auto`: the rules of this lab only for a server that says this lab's hello. */
  rules: 'auto' | 'all' | 'standard'
  /** Whether a broken SHOULD counts as a failure of the run. */
  strict: boolean
  /** Only cases whose id begins with this. */
  only: string
  /** How long a case waits for what must come. */
  withinMs: number
  /** How long what must come at once may take. */
  atOnceMs: number
  /** How long a quiet stream is watched for its end. */
  quietMs: number
  /** How many cases run at a time. */
  concurrency: number
}

const text = { type: 'string' } as const
const known = {
  url: text,
  stream: text,
  method: text,
  body: text,
  header: { type: 'string', multiple: true },
  cookie: text,
  ca: text,
  publish: text,
  'publish-body': text,
  'publish-type': text,
  data: text,
  'data-path': text,
  serial: { type: 'boolean' },
  origin: text,
  rules: text,
  strict: { type: 'boolean' },
  only: text,
} as const

const usage = `there are --${Object.keys(known).join(' --')}`

/**
 * Reads the arguments of the command; `readFile` gives the text of the file that --ca names. Throws an OptionError.
 */
export function readOptions(args: string[], readFile: (path: string) => string = noFile): Options {
  const values = parse(args)
  if (values.url === undefined)
    throw new OptionError('--url is missing: give the server, like --url http://localhost:8080')
  const address = readAddress(values.url)
  const publish = readPublish(values.publish, values['publish-body'], values['publish-type'])
  const stream = readStream(values.stream, address.path)
  const told = stream.includes('{topic}') || (values.body ?? '').includes('{topic}')
  return {
    base: address.base,
    stream,
    method: readMethod(values.method, values.body),
    body: values.body,
    headers: readHeaders(values.header ?? [], values.cookie, address),
    ca: values.ca === undefined ? undefined : readCa(values.ca, readFile),
    publish,
    ...readData(values.data, values['data-path']),
    serial: values.serial ?? !told,
    topic: told ? undefined : fixedTopic(stream),
    origin: readOrigin(values.origin),
    rules: oneOf('rules', values.rules ?? 'auto', ['auto', 'all', 'standard']),
    strict: values.strict ?? false,
    only: values.only ?? '',
    withinMs: 5000,
    atOnceMs: 1000,
    quietMs: 2000,
    concurrency: 8,
  }
}

function noFile(path: string): never {
  throw new Error(`no file ${path}`)
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: known, strict: true }).values
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new OptionError(`${why.split('. ')[0]}; ${usage}`)
  }
}

const standardStream = '/events?topic={topic}'

function readStream(given: string | undefined, path: string | undefined): string {
  if (given === undefined) return path === undefined || path === '/events' ? standardStream : path
  if (path !== undefined) {
    throw new OptionError(`--url has a path (${path}), and --stream another (${given}): give one of them`)
  }
  if (!given.startsWith('/')) {
    throw new OptionError(`--stream must be a path, like '/events?topic={topic}' (got ${given})`)
  }
  return given
}

/** What somebody who copies an address from his page gives: a topic like any other, and the only one. */
function fixedTopic(stream: string): string | undefined {
  return new URL(stream, 'http://any').searchParams.get('topic') ?? undefined
}

function readMethod(given: string | undefined, body: string | undefined): string {
  const method = given ?? (body === undefined ? 'GET' : 'POST')
  if (!/^[A-Z]+$/.test(method)) throw new OptionError(`--method must be like POST (got ${method})`)
  return method
}

function readHeaders(lines: readonly string[], cookie: string | undefined, address: Address) {
  const headers: Record<string, string> = {}
  if (address.authorization !== undefined) headers.authorization = address.authorization
  if (cookie !== undefined) headers.cookie = cookie
  for (const line of lines.flatMap(it => it.split(/\r?\n/)).filter(it => it.trim() !== '')) {
    const field = /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?<value>[^\0\r\n]*?)[ \t]*$/.exec(
      line,
    )?.groups
    // What is wrong may hold a password.
    if (field?.name === undefined) throw new OptionError("--header must be like 'Name: value'")
    headers[field.name.toLowerCase()] = field.value ?? ''
  }
  return headers
}

function readCa(path: string, readFile: (path: string) => string): string {
  try {
    const pem = readFile(path)
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  } catch {
    throw new OptionError(`--ca must be a file with certificates (cannot read ${path})`)
  }
  throw new OptionError(`--ca must be a file with certificates in PEM (${path} has none)`)
}

function readData(data: string | undefined, path: string | undefined): Pick<Options, 'data' | 'dataPath'> {
  if (path !== undefined && data === 'text') {
    throw new OptionError('--data-path is a path in JSON, and --data text says that there is none')
  }
  return {
    data: oneOf('data', data ?? (path === undefined ? 'auto' : 'json'), ['auto', 'text', 'json']),
    dataPath: path,
  }
}

function readOrigin(origin: string | undefined): string | undefined {
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
    throw new OptionError(`--origin must be an origin, like http://localhost:8080 (got ${origin})`)
  }
  return origin
}

function oneOf<T extends string>(name: string, value: string, all: readonly T[]): T {
  const found = all.find(it => it === value)
  if (found === undefined) throw new OptionError(`--${name} must be ${listed(all)} (got ${value})`)
  return found
}

function listed(all: readonly string[]): string {
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}
