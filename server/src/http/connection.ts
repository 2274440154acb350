import type { OutgoingHttpHeaders } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { CloseReason, Connection } from '../hub/hub.ts'
import { BareResponse } from './bare-response.ts'
import { Http2Sink, type Sink } from './http2-sink.ts'
import { writeHead, type Response } from './response.ts'

export type ConnectionBounds = {
  /** Unsent bytes before a write past which the connection is closed. */
  bufferedBytesMax: number
  /** Age at which the stream ends by itself. Infinity: never. */
  endsAfterMs: number
  /** Why it ends then, and what is said last. */
  endsWith: { reason: CloseReason; frame: string }
}

const stalledMsMax = 30_000
const ignore = () => undefined

/**
 * One open SSE response. Knows HTTP; knows nothing of topics.
 *
 * node:http sends the head, the first piece and the end. Batches go past it to the socket, as whole chunks that all
 * connections share: its own write() frames the same bytes again for each, which is a third of what a delivery costs.
 * HTTP/2 frames them itself: there they go to the stream.
 */
export class HttpConnection implements Connection {
  readonly #response: Response
  readonly #socket: Sink
  readonly #isChunked: boolean
  readonly #bare: BareSocket | undefined
  readonly #bounds: ConnectionBounds
  readonly #openedAt: number
  readonly #onClose: (reason: CloseReason, openMs: number) => void
  #reason: CloseReason | undefined
  #sentBytes = 0
  #progressAt: number

  /** Sends `headers` and `first` at once, in one piece. `onClose` is called exactly once. Times are performance.now(). */
  constructor(
    response: Response,
    headers: OutgoingHttpHeaders,
    first: string,
    bounds: ConnectionBounds,
    onClose: (reason: CloseReason, openMs: number) => void,
  ) {
    this.#response = response
    this.#socket = sinkOf(response)
    this.#bounds = bounds
    this.#onClose = onClose
    this.#openedAt = this.#progressAt = performance.now()
    writeHead(response, 200, headers)
    if (response instanceof Http2ServerResponse) response.write(first)
    else response.write(first)
    // HTTP/1.0 and HTTP/2 know no chunks.
    this.#isChunked = 'chunkedEncoding' in response && response.chunkedEncoding
    this.#bare = this.#isChunked && isBare(this.#socket) ? this.#socket : undefined
    const closed = () => this.#closed()
    if (response instanceof BareResponse) response.socket.once('close', closed)
    // A peer that resets is a closed stream, not a reason to end the worker.
    else response.once('close', closed).on('error', ignore)
  }

  /** Writes text of whole frames. Answers whether it was taken: a connection that is over takes nothing. */
  write(frames: Buffer): boolean {
    if (this.#reason !== undefined || this.#socket.destroyed) return false
    // A client that stops reading would make us hold its backlog. Past the bound we close; it comes back.
    if (this.#socket.writableLength > this.#bounds.bufferedBytesMax) {
      this.close('slow-reader')
      return false
    }
    this.#socket.write(this.#isChunked ? chunkOf(frames) : frames)
    return true
  }

  /**
   * The number of its socket, by which chunks may be sent past Node in this turn and in no other; undefined where they must go
   * through `write`: for HTTP/1.0 and HTTP/2, for TLS, behind something that is unsent, and to a connection that is over.
   */
  get descriptor(): number | undefined {
    const socket = this.#bare
    if (socket === undefined || this.#reason !== undefined || socket.writableLength > 0) return undefined
    // oxlint-disable-next-line no-underscore-dangle
    const number = socket._handle?.fd
    return number !== undefined && number >= 0 ? number : undefined
  }

  /** Writes what the socket did not take of a chunk that was sent by its number. */
  writeRest(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Resolves in another turn of the event loop; if much is unsent, only when it is sent or the stream is over. */
  async room(): Promise<void> {
    if (!this.#socket.writableNeedDrain) {
      await nextTurn()
      return
    }
    await new Promise<void>(resolve => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.on('drain', done).on('close', done)
    })
  }

  /** Ends the stream if it is too old, or if its unsent bytes made no progress for 30 s. */
  sweep(now: number): void {
    if (this.#socket.destroyed) return
    if (this.#reason === undefined && now - this.#openedAt >= this.#bounds.endsAfterMs) {
      const { reason, frame } = this.#bounds.endsWith
      this.end(reason, frame)
      return
    }
    // A stream that was ended is looked at as well: its client may never take the rest.
    const unsent = this.#socket.writableLength
    const sent = this.#socket.bytesWritten - unsent
    if (unsent === 0 || sent !== this.#sentBytes) this.#progressAt = now
    this.#sentBytes = sent
    if (now - this.#progressAt >= stalledMsMax) this.close('stalled')
  }

  /** Ends the response as HTTP wants it: what was written still goes out, and `last` after it. */
  end(reason: CloseReason, last = ''): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    if (this.#response instanceof BareResponse) this.#response.end(last)
    else this.#response.end(last)
  }

  /** Bytes that this process holds for the client. */
  get unsentBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength
  }

  /** Drops the connection and what it holds. */
  close(reason: CloseReason): void {
    this.#reason ??= reason
    this.#response.destroy()
  }

  #closed(): void {
    this.#onClose(this.#reason ?? 'peer-left', Math.round(performance.now() - this.#openedAt))
  }
}

/**
 * A socket that nothing stands in front of. `_handle` is no documented part of it, but it is what Node's own cluster sends to its
 * workers. One that is closed has none.
 */
type BareSocket = Socket & { readonly _handle?: { readonly fd?: number } | null }

function isBare(sink: Sink): sink is BareSocket {
  return sink instanceof Socket && !(sink instanceof TLSSocket)
}

function sinkOf(response: Response): Sink {
  if (response instanceof Http2ServerResponse) return new Http2Sink(response.stream)
  if (response.socket === null) throw new Error('the response has lost its socket')
  return response.socket
}

const lineEnd = Buffer.from('\r\n')
const chunks = new WeakMap<Buffer, Buffer>()

/** A chunk of HTTP/1.1 that holds the frames. It is made once for all connections that are given the same buffer. */
export function chunkOf(frames: Buffer): Buffer {
  let chunk = chunks.get(frames)
  if (chunk === undefined) {
    const size = Buffer.from(`${frames.length.toString(16)}\r\n`)
    chunk = Buffer.concat([size, frames, lineEnd])
    chunks.set(frames, chunk)
  }
  return chunk
}
