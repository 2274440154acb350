import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler } from 'express'
import { z } from 'zod'
import type { Log } from '../observe/log.ts'
import { Refusal, type RefusalCode } from './refusal.ts'

const statusOf: Record<RefusalCode, number> = {
  'bad-json': 400,
  'bad-field': 400,
  'bad-topic': 400,
  'not-found': 404,
  'method-not-allowed': 405,
  'too-large': 413,
  'not-json': 415,
  'bad-key': 400,
  'key-reused': 422,
  'too-many-keys': 503,
  'not-ready': 503,
  'bus-away': 503,
}

/** Turns every error into problem details (RFC 9457): status, title, detail, and `code` for programs. */
export function answerProblem(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const refusal = error instanceof Refusal ? error : undefined
    const status = refusal === undefined ? statusOfError(error) : statusOf[refusal.code]
    if (status === 500) log.error({ err: error, method: request.method, path: request.path }, 'call failed')
    if (response.headersSent) {
      response.destroy()
      return
    }
    if (status === 503) response.set('Retry-After', '1')
    const code = refusal?.code ?? (status === 500 ? 'internal' : 'refused')
    const detail =
      refusal?.message ??
      (status === 500 ? 'The server failed; its log says why.' : 'The page cannot be had like this.')
    response.status(status).type('application/problem+json').send(problemText({ status, code, detail }))
  }
}

/** The body of problem details. `code` is for programs, `detail` for people. */
export function problemText(problem: { status: number; code: string; detail: string }): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[problem.status], ...problem })
}

// What serves the page refuses a wrong range or condition with a status of its own.
const clientError = z.object({ status: z.number().int().min(400).max(499) })

function statusOfError(error: unknown): number {
  const read = clientError.safeParse(error)
  return read.success ? read.data.status : 500
}
