import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http'
import { BusError } from '../bus/errors.ts'
import { Refusal, type RefusalCode } from './refusal.ts'
import { answerWith, type Response } from './response.ts'

/** What a refused call is answered with: `code` is for programs, `detail` for people. */
export type Problem = { status: number; code: string; detail: string }

const statusOf: Record<RefusalCode, number> = {
  'bad-json': 400,
  'bad-field': 400,
  'bad-topic': 400,
  unauthorized: 401,
  'token-expired': 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'too-large': 413,
  'not-json': 415,
  'bad-key': 400,
  'too-many': 429,
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
  'not-confirmed': {
    status: 503,
    code: 'not-confirmed',
    detail:
      'Too few replicas of Redis had the event in time. It is not acknowledged: it may arrive, and it may be lost; with an Idempotency-Key it can be repeated safely.',
  },
}

const internal: Problem = { status: 500, code: 'internal', detail: 'The server failed; its log says why.' }

/** What an error is answered with. Status 500 for one that no call is to blame for: that belongs into the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) {
    return { status: statusOf[error.code], code: error.code, detail: error.message }
  }
  return error instanceof BusError ? busProblems[error.code] : internal
}

/** Answers with problem details (RFC 9457), and `more` headers. One that has begun another answer can only be cut. */
export function sendProblem(response: Response, problem: Problem, more: OutgoingHttpHeaders = {}): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const headers: OutgoingHttpHeaders = { ...more, 'Content-Type': 'application/problem+json' }
  headers['X-Content-Type-Options'] = 'nosniff'
  if (problem.status === 503 || problem.status === 429) headers['Retry-After'] = '1'
  // [RFC 9110, 15.5.2] A 401 names a way to authenticate. [RFC 6750, 3.1] An expired token is an invalid one.
  if (problem.status === 401)
    headers['WWW-Authenticate'] = problem.code === 'token-expired' ? 'Bearer error="invalid_token"' : 'Bearer'
  const text = problemText(problem)
  headers['Content-Length'] = Buffer.byteLength(text)
  answerWith(response, problem.status, headers, text)
}

/** The body of problem details. */
export function problemText(problem: Problem): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[problem.status], ...problem })
}
