import type { ServerHttp2Stream } from 'node:http2'

/**
 * What a connection needs of the stream that takes its bytes: the socket of HTTP/1, or the stream of HTTP/2. `bytesWritten`
 * counts what waits in `writableLength`, too.
 */
export type Sink = {
  write(bytes: Buffer): boolean
  readonly destroyed: boolean
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  readonly bytesWritten: number
  on(event: 'drain' | 'close', listener: () => void): Sink
  off(event: 'drain' | 'close', listener: () => void): Sink
}

/** A stream of HTTP/2 as a sink. It shares its socket with others, and counts no bytes by itself. */
export class Http2Sink implements Sink {
  readonly #stream: ServerHttp2Stream
  bytesWritten = 0

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  get destroyed(): boolean {
    return this.#stream.destroyed
  }

  get writableLength(): number {
    return this.#stream.writableLength
  }

  get writableNeedDrain(): boolean {
    return this.#stream.writableNeedDrain
  }

  write(bytes: Buffer): boolean {
    this.bytesWritten += bytes.length
    return this.#stream.write(bytes)
  }

  on(event: 'drain' | 'close', listener: () => void): this {
    this.#stream.on(event, listener)
    return this
  }

  off(event: 'drain' | 'close', listener: () => void): this {
    this.#stream.off(event, listener)
    return this
  }
}
