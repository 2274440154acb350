import {
  Server,
  STATUS_CODES,
  validateHeaderValue,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'

/**
 * The way out of node:http for a stream. For an answer of half an hour node:http keeps the parser of the request, and 7 KiB of
 * objects. A request with `Upgrade` may leave by the server's event of that name: Node takes its parser away, and hands out the
 * socket. [RFC 9110, 7.8] Who is asked to upgrade may answer as if he were not, so the answer is that of any other road.
 *
 * The proxy asks for it, by `Upgrade: sse` (nginx/streaming.conf). A client that asks by itself gets the same answers.
 */

/** Whether a request may leave. All others stay with node:http, which knows HTTP/1.0, HEAD, bodies, Expect, and what lacks a Host. */
function mayLeave({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade === 'sse' &&
    headers.host !== undefined &&
    headers.expect === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers['content-length'] === undefined
  )
}

/** The answer to a request that has left node:http: one head, then chunks. Its connection ends with it. */
export class BareResponse {
  readonly socket: Socket
  #head = ''
  #isChunked = true
  headersSent = false

  constructor(socket: Socket) {
    this.socket = socket
  }

  get destroyed(): boolean {
    return this.socket.destroyed
  }

  get chunkedEncoding(): boolean {
    return this.#isChunked
  }

  /** The head goes out with what is written first. A list of values is joined with commas. */
  writeHead(status: number, headers: OutgoingHttpHeaders): void {
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`]
    for (const [name, value] of Object.entries({ ...headers, Connection: 'close' })) {
      if (value === undefined) continue
      // A line break would forge the next header.
      validateHeaderValue(name, String(value))
      lines.push(`${name}: ${String(value)}`)
    }
    this.#isChunked = headers['Content-Length'] === undefined
    if (this.#isChunked) lines.push('Transfer-Encoding: chunked')
    this.#head = `${[...lines, `Date: ${new Date().toUTCString()}`].join('\r\n')}\r\n\r\n`
    this.headersSent = true
  }

  write(text: string): void {
    this.socket.write(this.#framed(text))
  }

  end(text = ''): void {
    this.socket.write(this.#framed(text) + (this.#isChunked ? '0\r\n\r\n' : ''))
    // Not end() alone: a client that keeps its side open would keep the connection.
    this.socket.destroySoon()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #framed(text: string): string {
    const head = this.#head
    this.#head = ''
    if (!this.#isChunked || text === '') return head + text
    return `${head}${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
  }
}

/** Answers requests on both roads. */
export type Listener = (request: IncomingMessage, response: ServerResponse | BareResponse) => void

/** Of the requests that may leave, those do for which `isStream` is true. `listener` answers them. */
export type Leaving = {
  isStream: (request: IncomingMessage) => boolean
  listener: (request: IncomingMessage, response: BareResponse) => void
}

/** A server whose streams may leave node:http, and which still knows their sockets. */
export class LeavingServer extends Server {
  readonly #sockets = new Set<Socket>()

  constructor(options: ServerOptions, staying: RequestListener, { isStream, listener }: Leaving) {
    super({ ...options, shouldUpgradeCallback: request => mayLeave(request) && isStream(request) }, staying)
    const sockets = this.#sockets
    // One function for all sockets: one for each would be a part of what is saved.
    function forget(this: Socket): void {
      sockets.delete(this)
    }
    this.on('upgrade', (request: IncomingMessage, _duplex, head: Buffer) => {
      const { socket } = request
      // Of a stream all that comes is its end. Who sends more, as a request behind it, is cut, as he is by openServer.
      socket.on('error', ignore).on('data', cut).on('close', forget)
      // The client's end is the stream's: Node sends ours then by itself.
      socket.allowHalfOpen = false
      socket.resume()
      sockets.add(socket)
      if (head.length > 0) socket.destroy()
      else listener(request, new BareResponse(socket))
    })
  }

  /** Cuts what left, too, of which node:http knows nothing any more. */
  override closeAllConnections(): void {
    super.closeAllConnections()
    for (const socket of this.#sockets) socket.destroy()
  }
}

function ignore(): void {
  // 'close' says it.
}

function cut(this: Socket): void {
  this.destroy()
}
