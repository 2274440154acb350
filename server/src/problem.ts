import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler } from 'express'
import { z } from 'zod'
import type { Log } from './log.ts'
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
export function answerProblem(log: Log, eventBytesMax: number): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const refusal = error instanceof Refusal ? error : fromBodyParser(error, eventBytesMax)
    const status = refusal === undefined ? statusOfError(error) : statusOf[refusal.code]
    if (status === 500) log.error({ err: error, method: request.method, path: request.path }, 'call failed')
    if (response.headersSent) {
      response.destroy()
      return
    }
    if (status === 503) response.set('Retry-After', '1')
    response
      .status(status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          type: 'about:blank',
          title: STATUS_CODES[status],
          status,
          code: refusal?.code ?? (status === 500 ? 'internal' : 'refused'),
          detail:
            refusal?.message ??
            (status === 500 ? 'The server failed; its log says why.' : 'The page cannot be had like this.'),
        }),
      )
  }
}

// What serves the page refuses a wrong range or condition with a status of its own.
const clientError = z.object({ status: z.number().int().min(400).max(499) })

function statusOfError(error: unknown): number {
  const read = clientError.safeParse(error)
  return read.success ? read.data.status : 500
}

const bodyParserError = z.object({ type: z.string(), status: z.number() })

// express.json throws its own errors; `type` is their documented name.
function fromBodyParser(error: unknown, eventBytesMax: number): Refusal | undefined {
  const read = bodyParserError.safeParse(error)
  if (!read.success) return undefined
  switch (read.data.type) {
    case 'entity.parse.failed':
      return new Refusal('bad-json', 'The body is not JSON.')
    case 'entity.too.large':
      return new Refusal('too-large', `The body exceeds ${eventBytesMax} bytes (EVENT_BYTES_MAX).`)
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Refusal(
        'not-json',
        'Send the body as application/json in UTF-8, without Content-Encoding or with gzip or deflate.',
      )
    default:
      // What is left (a cut body, a wrong length) is the caller's fault as well, and so says its status.
      return read.data.status < 500 ? new Refusal('bad-json', 'The body could not be read whole.') : undefined
  }
}
