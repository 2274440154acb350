import type { IncomingMessage } from 'node:http'
import { z } from 'zod'

export type ModelEvent = { id: string; topic: string; type?: string | undefined; data: string }
type Read =
  | { topic: string; type?: string | undefined; data: string; key: string | undefined }
  | { status: number; code: string }

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

export async function readBody(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8')
  let body = ''
  for await (const text of request) body += String(text)
  return body
}

/** Checks a publish as docs/api.md describes it. */
export function readPublish(body: string, type: string, key: string | string[] | undefined): Read {
  if (!/^application\/json(?:; *charset=utf-8)?$/.test(type)) return { status: 415, code: 'not-json' }
  if (Buffer.byteLength(body) > bytesMax) return { status: 413, code: 'too-large' }
  if (key !== undefined && !/^[!-~]{1,255}$/.test(String(key))) return { status: 400, code: 'bad-key' }
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { status: 400, code: 'bad-json' }
  }
  const read = draft.safeParse(json)
  if (!read.success) {
    const topicOnly = read.error.issues.every(({ path }) => path[0] === 'topic')
    return { status: 400, code: topicOnly ? 'bad-topic' : 'bad-field' }
  }
  const { data } = read.data
  return {
    ...read.data,
    data: typeof data === 'string' ? data : JSON.stringify(data),
    key: key === undefined ? undefined : String(key),
  }
}
