import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler } from 'express'
import { z } from 'zod'
import { BusError } from '../bus/errors.ts'
import type { Log } from '../observe/log.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import { Refusal, type RefusalCode } from './refusal.ts'

/** What a refused call is answered with: `code` is for programs, `detail` for people. */
export type Problem = { status: number; code: string; detail: string }

const statusOf: Record<RefusalCode, number> = {
  'bad-json': 400,
  'bad-field': 400,
  'bad-topic': 400,
  'not-found': 404,
  'method-not-allowed': 405,
  'too-large': 413,
  'not-json': 415,
  'bad-key': 400,
  'not-ready': 503,
}

const busProblems: Record<BusError['code'], Problem> = {
  away: {
    status: 503,
    code: 'bus-away',
    detail:
      'The bus did not take the event in time. It is not acknowledged, but may still take effect; with an Idempotency-Key it can be repeated safely.',
  },
  refused: {
    status: 503,
    code: 'bus-away',
    detail:
      "The bus refused the event, which was not published. The server's log says why; it can be repeated later.",
  },
  'key-reused': {
    status: 422,
    code: 'key-reused',
    detail: 'This Idempotency-Key came before, with another event. Use a new key for it.',
  },
  'too-many-keys': {
    status: 503,
    code: 'too-many-keys',
    detail: 'Too many Idempotency-Keys are in use. Nothing was published; come back later.',
  },
}

/** Turns every error into problem details (RFC 9457). An error that no call is to blame for is logged, and is a 500. */
export function answerProblem(log: Log): ErrorRequestHandler {
  const failed = new RepeatedFact(log, { text: 'call failed', level: 'error' })
  return (error: unknown, request, response, _next) => {
    const problem = problemOf(error)
    if (problem.status === 500) {
      failed.happened({ err: error, method: request.method, path: request.path }, kindOf(error))
    }
    if (response.headersSent) {
      response.destroy()
      return
    }
    if (problem.status === 503) response.set('Retry-After', '1')
    response.status(problem.status).type('application/problem+json').send(problemText(problem))
  }
}

/** The body of problem details. */
export function problemText(problem: Problem): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[problem.status], ...problem })
}

// What serves the page refuses a wrong range or condition with a status of its own.
const pageError = z.object({ status: z.number().int().min(400).max(499) })

function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) {
    return { status: statusOf[error.code], code: error.code, detail: error.message }
  }
  if (error instanceof BusError) return busProblems[error.code]
  const { success, data } = pageError.safeParse(error)
  return success
    ? { status: data.status, code: 'refused', detail: 'The page cannot be had like this.' }
    : { status: 500, code: 'internal', detail: 'The server failed; its log says why.' }
}
