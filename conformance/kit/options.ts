import { parseArgs } from 'node:util'

/** Where the server is and how it is spoken to. */
export type Options = {
  base: URL
  /** Path and query of a stream; `{topic}` is replaced, and its parameter repeated for several topics. */
  stream: string
  /** How to publish `{"topic","type"?,"data"}` as JSON, or undefined where the server has no such call. */
  publish: { method: string; path: string } | undefined
  /** An origin whose pages may call the server. */
  origin: string | undefined
  rules: 'all' | 'standard'
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

/** An argument that cannot be. Its text is one line that names the argument and the fix. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

const known = {
  url: { type: 'string' },
  stream: { type: 'string', default: '/events?topic={topic}' },
  publish: { type: 'string', default: 'POST /events' },
  origin: { type: 'string' },
  rules: { type: 'string', default: 'all' },
  only: { type: 'string', default: '' },
} as const

const usage = `there are --${Object.keys(known).join(' --')}`

/** Reads the arguments of the command. Throws an OptionError. */
export function readOptions(args: string[]): Options {
  const { url, stream, publish, origin, rules, only } = parse(args)
  if (url === undefined)
    throw new OptionError('--url is missing: give the server, like --url http://localhost:8080')
  if (!URL.canParse(url) || !/^https?:\/\/[^/]+\/?$/.test(url)) {
    throw new OptionError(`--url must be a server without a path, like http://localhost:8080 (got ${url})`)
  }
  if (!stream.startsWith('/')) {
    throw new OptionError(`--stream must be a path, like '/events?topic={topic}' (got ${stream})`)
  }
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
    throw new OptionError(`--origin must be an origin, like http://localhost:8080 (got ${origin})`)
  }
  if (rules !== 'all' && rules !== 'standard') {
    throw new OptionError(`--rules must be all or standard (got ${rules})`)
  }
  const call = readPublish(publish)
  if (call !== undefined && !stream.includes('{topic}')) {
    throw new OptionError(`--stream must hold {topic}, or cases would hear each other (got ${stream})`)
  }
  return {
    base: new URL(url),
    stream,
    publish: call,
    origin,
    rules,
    only,
    withinMs: 5000,
    atOnceMs: 1000,
    quietMs: 2000,
    concurrency: 8,
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

function readPublish(text: string): Options['publish'] {
  if (text === 'none') return undefined
  const call = /^(?<method>POST|PUT) (?<path>\/\S*)$/.exec(text)?.groups
  if (call?.method === undefined || call.path === undefined) {
    throw new OptionError(`--publish must be like 'POST /events', or none (got ${text})`)
  }
  return { method: call.method, path: call.path }
}
