import type { ClientRequest, IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { requestOf } from './publish.ts'

/** How an answer ended: `end` as HTTP wants it, `cut` in the middle. `openMs` is from its headers on. */
export type Ending = { how: 'end' | 'cut'; openMs: number }

/** What a test does to the bytes of a stream. It holds from one connection to the next. */
export type Reading = {
  /** The connection is cut when so many more bytes have come, wherever in an event that is. */
  bytesUntilCut: number
  /** Nothing more is read from the socket. */
  stopped: boolean
}

/** Hears one connection, in the order of its bytes. */
export type StreamListener = {
  answered(response: IncomingMessage): void
  text(text: string): void
  event(event: EventSourceMessage): void
  retry(ms: number): void
  /** The last call. Without an answer there is no `ending`, but mostly an error. */
  over(ending: Ending | undefined, error: Error | undefined): void
}

type Sent = { headers: Record<string, string>; body: string | undefined }

/** One request, and what of the event stream comes in its answer. It reads at once, so nothing waits for a test's own turn. */
export class StreamConnection {
  readonly #request: ClientRequest
  readonly #reading: Reading
  readonly #listener: StreamListener
  #response: IncomingMessage | undefined
  #error: Error | undefined

  constructor(url: string, { headers, body }: Sent, reading: Reading, listener: StreamListener) {
    this.#reading = reading
    this.#listener = listener
    // A connection of its own for each stream, as in a browser.
    this.#request = requestOf(url)(url, {
      agent: false,
      headers: { accept: 'text/event-stream', ...headers },
    })
    this.#request.on('error', error => (this.#error = error)) // 'close' says it
    this.#request.on('close', () => {
      if (this.#response === undefined) listener.over(undefined, this.#error)
    })
    this.#request.on('response', response => this.#read(response))
    this.#request.end(body)
  }

  /** Reads on after `stopped`, or stops. */
  applyStopped(): void {
    if (this.#reading.stopped) this.#response?.pause()
    else this.#response?.resume()
  }

  /** Cuts it off. `error` is what `over` is told where nothing was answered yet. */
  close(error?: Error): void {
    this.#request.destroy(error)
  }

  #read(response: IncomingMessage): void {
    this.#response = response
    const openedAt = performance.now()
    response.on('close', () => {
      const how = response.complete ? 'end' : 'cut'
      this.#listener.over({ how, openMs: Math.round(performance.now() - openedAt) }, undefined)
    })
    const body = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response
    for (const stream of [response, body]) stream.on('error', () => undefined) // 'close' says it
    this.#parse(body)
    if (this.#reading.stopped) response.pause()
    this.#listener.answered(response)
  }

  #parse(body: NodeJS.ReadableStream): void {
    // A parser of its own for each connection: an event whose end never came is dropped.
    const parser = createParser({
      onEvent: event => this.#listener.event(event),
      onRetry: ms => this.#listener.retry(ms),
    })
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const take = (bytes: Buffer) => {
      const taken = bytes.subarray(0, this.#reading.bytesUntilCut)
      this.#reading.bytesUntilCut -= taken.length
      const text = decoder.decode(taken, { stream: true })
      this.#listener.text(text)
      parser.feed(text)
      if (this.#reading.bytesUntilCut > 0) return
      this.#reading.bytesUntilCut = Infinity
      body.off('data', take)
      this.close()
    }
    body.on('data', take)
  }
}
