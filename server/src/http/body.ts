import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'
import { createGunzip, createInflate } from 'node:zlib'
import { parse as parseContentType } from 'content-type'
import { parseExactly } from './exact-json.ts'
import { Refusal } from './refusal.ts'

/** A request of node:http, or of node:http2 in its compatible form; a framework's own is one of them, or has it as `raw`. */
export type Request = IncomingMessage | Http2ServerRequest

/**
 * Reads a JSON body so that nothing in it changes on the way: text that is not UTF-8 is refused instead of mended, and every
 * number stays as it was sent. Rejects with a Refusal for what it cannot read, which says why. `bytesMax` bounds the body
 * after decompression; `bound` is that in words. A body that is empty is an empty object.
 */
export async function readJsonBody(request: Request, bytesMax: number, bound: string): Promise<unknown> {
  const encoding = requireJson(request)
  return jsonOf(await readBytes(request, encoding, bytesMax, bound))
}

/** What the bytes of a body say. Throws a Refusal if they are not JSON in UTF-8. */
export function jsonOf(bytes: Buffer): unknown {
  const text = textOf(bytes)
  return text === '' ? {} : parse(text)
}

const utf8Names = [undefined, 'utf-8', 'utf8']
const encodings = ['identity', 'gzip', 'deflate']

/** Checks what the headers say of the body. Returns its Content-Encoding. Throws a Refusal. */
export function requireJson({ headers }: Request): string {
  const { type, parameters } = parseContentType(headers['content-type'] ?? '')
  if (type !== 'application/json') {
    throw new Refusal('not-json', 'Send the body with Content-Type: application/json.')
  }
  if (!utf8Names.includes(parameters.charset?.toLowerCase())) {
    throw new Refusal(
      'not-json',
      'Send the body in UTF-8: Content-Type: application/json, without another charset.',
    )
  }
  const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase()
  if (!encodings.includes(encoding)) {
    throw new Refusal('not-json', 'Send the body without Content-Encoding, or with gzip or deflate.')
  }
  return encoding
}

async function readBytes(
  request: Request,
  encoding: string,
  bytesMax: number,
  bound: string,
): Promise<Buffer> {
  const plain = decoded(request, encoding)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // A return from the loop must not end the connection: the answer goes out on it.
    for await (const chunk of plain.iterator({ destroyOnReturn: false })) {
      // A stream of bytes, as nobody has set an encoding.
      const piece: Buffer = Buffer.from(chunk)
      bytes += piece.length
      if (bytes > bytesMax) throw new Refusal('too-large', `The body exceeds ${bound}.`)
      chunks.push(piece)
    }
  } catch (error) {
    // What is left of the body is read away, so that the connection serves its next request.
    request.unpipe()
    request.resume()
    throw refusalOf(error)
  } finally {
    if (plain !== request) plain.destroy()
  }
  return Buffer.concat(chunks)
}

function decoded(request: Request, encoding: string): Readable {
  if (encoding === 'identity') return request
  const decoder = encoding === 'gzip' ? createGunzip() : createInflate()
  // pipe() does not tell the decoder that the client has left in the middle.
  request.once('close', () => {
    if (!request.readableEnded) decoder.destroy(new Error('the end of the body is missing'))
  })
  return request.pipe(decoder)
}

function refusalOf(cause: unknown): Refusal {
  if (cause instanceof Refusal) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const detail = /^(Z_|ERR_.*TRAILING)/.test(code)
    ? 'The body is not what its Content-Encoding says: it could not be decompressed.'
    : 'The body could not be read whole: its end is missing, or its length is not what Content-Length says.'
  return new Refusal('bad-json', detail, { cause })
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
