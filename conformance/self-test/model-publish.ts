import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { gunzipSync, inflateSync } from 'node:zlib'
import { z } from 'zod'

export type ModelEvent = { id: string; topic: string; type?: string | undefined; data: string }
type Read = Omit<ModelEvent, 'id'> & { key: string | undefined }

const bytesMax = 65_536
const reserved = ['hello', 'gap', 'heartbeat', 'open', 'error']
const topic = z.string().regex(/^[A-Za-z0-9._~:/@%-]{1,256}$/)
const draft = z.strictObject({
  topic,
  type: z
    .string()
    .regex(/^[^\r\n\0]+$/)
    .refine(type => !reserved.includes(type))
    .optional(),
  data: z.unknown().refine(data => data !== undefined),
})

/** The steps from a request to JSON. Each throws a Wrong where docs/api.md refuses. */
export type BodySteps = {
  checkType: (type: string) => void
  unpack: (bytes: Buffer, encoding: string) => Buffer
  decode: (bytes: Buffer) => string
  parse: (text: string) => unknown
  checkText: (text: string, what: 'data' | 'type') => void
}

/** Why a publish is refused. */
export class Refused extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string = code) {
    super(detail)
    this.status = status
    this.code = code
  }
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

// TypeScript does not know JSON.rawJSON yet, nor the third argument of a reviver.
const rawJson = z
  .custom<(text: string) => unknown>(value => typeof value === 'function')
  .parse(Reflect.get(JSON, 'rawJSON'))

function keepDigits(_key: string, value: unknown, context?: { source: string }): unknown {
  return typeof value === 'number' && context !== undefined ? rawJson(context.source) : value
}

export const bodySteps: BodySteps = {
  checkType(type) {
    const read = /^application\/json(?: *; *charset="?(?<charset>[^"]*)"?)?$/i.exec(type)
    const charset = read?.groups?.charset ?? 'utf-8'
    if (read === null || !/^utf-?8$/i.test(charset)) throw new Refused(415, 'not-json')
  },
  unpack(bytes, encoding) {
    const unpack = { identity: (all: Buffer) => all, gzip: gunzipSync, deflate: inflateSync }[encoding]
    if (unpack === undefined) throw new Refused(415, 'not-json')
    try {
      return unpack(bytes)
    } catch {
      throw new Refused(400, 'bad-json', `The body is not what Content-Encoding says: ${encoding}.`)
    }
  },
  decode(bytes) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      throw new Refused(400, 'bad-json', 'The body is not UTF-8.')
    }
  },
  parse(text) {
    try {
      return JSON.parse(text, keepDigits)
    } catch {
      throw new Refused(400, 'bad-json')
    }
  },
  checkText(text) {
    if (!text.isWellFormed()) throw new Refused(400, 'bad-field')
  },
}

/** Checks a publish as docs/api.md describes it. Throws a Refused. */
export function readPublish(bytes: Buffer, headers: IncomingHttpHeaders, steps: BodySteps): Read {
  steps.checkType(headers['content-type'] ?? '')
  const unpacked = steps.unpack(bytes, headers['content-encoding'] ?? 'identity')
  if (unpacked.length > bytesMax) throw new Refused(413, 'too-large')
  const text = steps.decode(unpacked)
  const key = headers['idempotency-key']
  if (key !== undefined && !/^[!-~]{1,255}$/.test(String(key))) throw new Refused(400, 'bad-key')
  const read = draft.safeParse(steps.parse(text))
  if (!read.success) {
    const topicOnly = read.error.issues.every(({ path }) => path[0] === 'topic')
    throw new Refused(400, topicOnly ? 'bad-topic' : 'bad-field')
  }
  const { data, type } = read.data
  if (typeof data === 'string') steps.checkText(data, 'data')
  if (type !== undefined) steps.checkText(type, 'type')
  return {
    ...read.data,
    data: typeof data === 'string' ? data : JSON.stringify(data),
    key: key === undefined ? undefined : String(key),
  }
}
