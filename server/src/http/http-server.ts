import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { LeavingServer, type Leaving } from './bare-response.ts'
import { problemText } from './problem.ts'

// 32 topics of 256 characters, percent-encoded, are 25 KB of URL, and a browser brings its cookies: as much as nginx lets
// through (large_client_header_buffers), and what nginx adds. Past Node's own 16 KiB the answer would be 431, for good.
const maxHeaderSize = 160 * 1024
// As nginx: 32 topics of 256 characters fit, percent-encoded.
const urlCharsMax = 32 * 1024
// Each of these may wait for the longest answer that there is, a quarter of a megabyte of metrics.
const waitingMax = 32

/**
 * A server of node:http for streams and calls. A request that is no HTTP is answered with problem details.
 *
 * HTTP/1.1 lets a client send requests before the answers to earlier ones; Node parses all that are in a packet, and holds
 * each answer until its turn. Behind a stream that turn comes in half an hour: 1,500 small requests on each of ten
 * connections took a worker's memory. So a request that is sent behind a stream, or behind too many others, ends its
 * connection. [RFC 9112, 9.3.2] A client must be ready for that, and repeat. No browser sends requests like this.
 *
 * With `leaving`, a stream that the proxy marks with `Upgrade: sse` takes 9 KiB less: see bare-response.ts. The server takes no
 * other upgrade then.
 */
export function openServer(
  listener: RequestListener,
  { leaving, ...options }: ServerOptions & { leaving?: Leaving } = {},
): Server {
  const waiting = new WeakMap<Duplex, number>()
  // One function for all responses: a stream keeps what listens to its end.
  function leave(this: ServerResponse): void {
    const { socket } = this.req
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
  }
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const count = waiting.get(socket) ?? 0
    if (socket.destroyed) return
    if (count >= waitingMax) {
      socket.destroy()
      return
    }
    waiting.set(socket, count + 1)
    if (isTooLong(request)) answerTooLong(response)
    else listener(request, response)
    // A stream has begun its answer and not ended it. It counts for all there may be: its connection ends with it.
    if (response.headersSent && !response.writableEnded) waiting.set(socket, waitingMax)
    else response.on('close', leave)
  }
  // Behind another request it would write into the midst of that one's answer.
  const isFree = (request: IncomingMessage) => !isTooLong(request) && (waiting.get(request.socket) ?? 0) === 0
  const settings = { maxHeaderSize, ...options }
  const server =
    leaving === undefined
      ? createServer(settings, answer)
      : new LeavingServer(settings, answer, {
          ...leaving,
          isStream: request => isFree(request) && leaving.isStream(request),
        })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Behind other requests, it would be taken for the answer to one of them.
    if (socket.writable && (waiting.get(socket) ?? 0) === 0) socket.end(answerTo(error.code ?? ''))
    else socket.destroy()
  })
  return server
}

function isTooLong({ url = '' }: IncomingMessage): boolean {
  return url.length > urlCharsMax
}

function answerTooLong(response: ServerResponse): void {
  const detail = `The URL is longer than ${urlCharsMax} characters: ask for fewer topics.`
  const body = problemText({ status: 414, code: 'uri-too-long', detail })
  const headers = { 'Content-Type': 'application/problem+json', 'Content-Length': Buffer.byteLength(body) }
  response.writeHead(414, headers).end(body)
}

const malformed = {
  status: 400,
  code: 'bad-request',
  detail: 'The request is not HTTP/1.1 as RFC 9112 has it.',
}
const refusals: Record<string, { status: number; code: string; detail: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'headers-too-large',
    detail: 'The URL and the headers are too long together: ask for fewer topics, or send fewer cookies.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'bad-request',
    detail: 'The request did not arrive in time.',
  },
}

function answerTo(errorCode: string): string {
  const problem = refusals[errorCode] ?? malformed
  const { status } = problem
  const body = problemText(problem)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
