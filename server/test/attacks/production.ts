import { execFile } from 'node:child_process'
import type { IncomingHttpHeaders } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'

/** What `make production` runs, seen from this machine: calls over TLS, tokens of its issuer, and its containers. */

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)
export const port = Number(process.env.HTTPS_PORT || 8443)

/** Runs `docker compose` on the production shape, and returns what it printed. */
export async function compose(...words: string[]): Promise<string> {
  const all = ['compose', '--file', 'compose.production.yaml', ...words]
  // The logs of all that the attacks have made are some megabytes.
  const { stdout, stderr } = await run('docker', all, { cwd: root, maxBuffer: 2 ** 28 })
  return stdout + stderr
}

const ca = await compose('exec', '-T', 'nginx', 'cat', '/run/tls/ca.pem')

/** A token, as `make token` prints it. */
export async function token(
  sub: string,
  grants: { subscribe?: string; publish?: string; minutes?: number },
): Promise<string> {
  const lists = ['--subscribe', grants.subscribe ?? '', '--publish', grants.publish ?? '']
  const words = ['--sub', sub, ...lists, '--minutes', String(grants.minutes ?? 15)]
  const { stdout } = await run(
    'docker',
    ['compose', '--file', 'compose.production.yaml', 'run', '--rm', '--no-deps', '-T', 'token', ...words],
    { cwd: root },
  )
  return stdout.trim()
}

export type Reply = { status: number; headers: IncomingHttpHeaders; text: string }

type Wish = {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Stop when the text matches; without it, at the end of the answer. */
  until?: RegExp
  withinMs?: number
  /** Hears all that has arrived so far. */
  heard?: (text: string) => void
}

/** One call on a connection of its own. Resolves with what arrived, when the answer ends, or matches, or the time is over. */
export async function ask(path: string, wish: Wish = {}): Promise<Reply> {
  const { method = 'GET', headers = {}, body, until, withinMs = 5000, heard } = wish
  const options: RequestOptions = {
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    path,
    method,
    ca,
    agent: false,
  }
  return await new Promise((resolve, reject) => {
    const outgoing = request({ ...options, headers: { host: `localhost:${port}`, ...headers } }, response => {
      const reply: Reply = { status: response.statusCode ?? 0, headers: response.headers, text: '' }
      const done = () => {
        clearTimeout(timer)
        outgoing.destroy()
        resolve(reply)
      }
      const timer = setTimeout(done, withinMs)
      response.setEncoding('utf8').on('data', (piece: string) => {
        reply.text += piece
        heard?.(reply.text)
        if (until?.test(reply.text)) done()
      })
      response.on('end', done).on('error', done)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The headers of a call with a token. */
export function bearing(text: string, more: Record<string, string> = {}): Record<string, string> {
  return { authorization: `Bearer ${text}`, ...more }
}

/** Publishes with a token. */
export async function publish(
  text: string,
  topic: string,
  more: Record<string, string> = {},
): Promise<Reply> {
  const headers = bearing(text, { 'content-type': 'application/json', ...more })
  return await ask('/events', { method: 'POST', headers, body: JSON.stringify({ topic, data: 'x' }) })
}
