import assert from 'node:assert/strict'
import * as http from 'node:http'
import * as https from 'node:https'
import { z } from 'zod'

const acknowledgement = z.object({ id: z.string(), topic: z.string(), worker: z.string() })

/** What the server said to a publish. */
export type Acknowledgement = z.output<typeof acknowledgement>

export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string }

/** The `request` of the address: over TLS for https. */
export function requestOf(url: string): typeof http.request {
  return url.startsWith('https:') ? https.request : http.request
}

/** One call on a connection of its own, so that each can meet another worker. Rejects without a whole answer in time. */
export async function call(
  method: string,
  url: string,
  options: { headers?: Record<string, string>; body?: string | Buffer; withinMs?: number } = {},
): Promise<Answer> {
  const signal = AbortSignal.timeout(options.withinMs ?? 30_000)
  return await new Promise((resolve, reject) => {
    const outgoing = requestOf(url)(
      url,
      { method, agent: false, headers: { ...options.headers }, signal },
      response => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => (body += text))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        )
        response.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(options.body)
  })
}

/** Posts an event, whatever the answer. */
export async function post(base: string, event: object, more: Record<string, string> = {}): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...more }
  return await call('POST', `${base}/events`, { headers, body: JSON.stringify(event) })
}

/** Publishes an event, and fails unless the server took it. */
export async function publish(
  base: string,
  event: object,
  headers: Record<string, string> = {},
): Promise<Acknowledgement> {
  const answer = await post(base, event, headers)
  assert.equal(answer.status, 202, answer.body)
  return acknowledgement.parse(JSON.parse(answer.body))
}
