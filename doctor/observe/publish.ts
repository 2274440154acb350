import { exec } from 'node:child_process'
import { promisify } from 'node:util'
import type { Published } from '../observations.ts'
import type { Question } from './ask.ts'
import type { Clock } from './clock.ts'
import { fetchHead } from './fetch-head.ts'

/** How to publish: a request, or a command of the shell. `{data}` stands for the text to publish. */
export type Publish =
  { how: 'request'; method: string; url: URL; body: string } | { how: 'command'; line: string }

const withinMs = 3000
const line = /^(?<method>POST|PUT) (?<path>\S+)(?: (?<body>.+))?$/s

/**
 * Reads `POST /events {"topic":"lobby","data":"{data}"}`; a path belongs to the server of `base`. Anything else is taken for a
 * command, like a line of curl. Throws where no `{data}` says what to replace.
 */
export function readPublish(text: string, base: URL): Publish {
  const { method, path, body = '{"data":"{data}"}' } = line.exec(text)?.groups ?? {}
  if (method !== undefined && path !== undefined) {
    if (!body.includes('{data}') && !path.includes('{data}'))
      throw new Error('there is no {data} in its body')
    return { how: 'request', method, url: new URL(path, base), body }
  }
  if (!text.includes('{data}')) throw new Error('there is no {data} in it')
  return { how: 'command', line: text }
}

function typeOf(body: string): string {
  if (/^\s*[[{]/.test(body)) return 'application/json'
  return /^[\w.-]+=/.test(body) ? 'application/x-www-form-urlencoded' : 'text/plain'
}

/** Publishes one text and answers how that went; never throws. */
export async function publish(
  call: Publish,
  mark: string,
  question: Question,
  clock: Clock,
): Promise<Published> {
  const sentAtMs = clock()
  if (call.how === 'command') {
    try {
      await promisify(exec)(call.line.replaceAll('{data}', mark), { timeout: withinMs })
      return { mark, sentAtMs }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      return { mark, sentAtMs, problem: text.trim().slice(0, 200) }
    }
  }
  const body = call.body.replaceAll('{data}', mark)
  const url = new URL(call.url.href.replaceAll(/\{data\}|%7Bdata%7D/gi, mark))
  const headers = { 'content-type': typeOf(body), ...question.headers, accept: '*/*' }
  const { status, failure, text } = await fetchHead(
    { ...question, url, method: call.method, body, headers },
    withinMs,
  )
  if (status === undefined)
    return { mark, sentAtMs, problem: failure?.text ?? `no answer within ${withinMs} ms` }
  if (status >= 300) return { mark, sentAtMs, status, problem: text.slice(0, 200) }
  return { mark, sentAtMs, status }
}
