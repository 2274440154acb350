import { parse as parseContentType } from 'content-type'
import express, { type RequestHandler } from 'express'
import { z } from 'zod'
import { parseExactly } from './exact-json.ts'
import { Refusal } from './refusal.ts'

/**
 * Reads a JSON body into `request.body`, so that nothing in it changes on the way: text that is not UTF-8 is refused
 * instead of mended, and every number stays as it was sent. Refuses what it cannot read, and says why.
 * `bytesMax` bounds the body after decompression; `knob` is the variable that sets it, if there is one.
 */
export function jsonBody(bytesMax: number, knob?: string): RequestHandler[] {
  const bound = `${bytesMax} bytes${knob === undefined ? '' : ` (${knob})`}`
  return [requireJson, bytesOf(bytesMax, bound), parseBody]
}

const utf8Names = [undefined, 'utf-8', 'utf8']
const encodings = ['identity', 'gzip', 'deflate']

const requireJson: RequestHandler = (request, _response, next) => {
  if (!request.is('application/json')) {
    throw new Refusal('not-json', 'Send the body with Content-Type: application/json.')
  }
  const { charset } = parseContentType(request.headers['content-type'] ?? '').parameters
  if (!utf8Names.includes(charset?.toLowerCase())) {
    throw new Refusal(
      'not-json',
      'Send the body in UTF-8: Content-Type: application/json, without another charset.',
    )
  }
  if (!encodings.includes((request.headers['content-encoding'] ?? 'identity').toLowerCase())) {
    throw new Refusal('not-json', 'Send the body without Content-Encoding, or with gzip or deflate.')
  }
  next()
}

function bytesOf(bytesMax: number, bound: string): RequestHandler {
  const read = express.raw({ limit: bytesMax, type: () => true })
  return (request, response, next) => {
    read(request, response, (error?: unknown) => {
      next(error === undefined ? undefined : refusalOf(error, bound))
    })
  }
}

// What body-parser and zlib call their errors: `type` and `code` are documented names.
const readError = z.object({ type: z.string().optional(), code: z.string().optional(), status: z.number() })

function refusalOf(error: unknown, bound: string): unknown {
  const read = readError.safeParse(error)
  if (!read.success || read.data.status >= 500) return error
  const { type, code } = read.data
  if (type === 'entity.too.large') {
    return new Refusal('too-large', `The body exceeds ${bound}.`, { cause: error })
  }
  const detail = code?.startsWith('Z_')
    ? 'The body is not what its Content-Encoding says: it could not be decompressed.'
    : 'The body could not be read whole: its end is missing, or its length is not what Content-Length says.'
  return new Refusal('bad-json', detail, { cause: error })
}

const parseBody: RequestHandler = (request, _response, next) => {
  const bytes: unknown = request.body
  request.body = Buffer.isBuffer(bytes) && bytes.length > 0 ? parse(textOf(bytes)) : {}
  next()
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Refusal('bad-json', 'The body is not UTF-8.', { cause: error })
  }
}

function parse(text: string): unknown {
  try {
    return parseExactly(text)
  } catch (error) {
    throw error instanceof RangeError
      ? new Refusal('bad-field', 'The body is nested too deeply.', { cause: error })
      : new Refusal('bad-json', 'The body is not JSON.', { cause: error })
  }
}
