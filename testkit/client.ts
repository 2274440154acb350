import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { z } from 'zod'
import type { Entry } from './ledger.ts'
import { until } from './wait.ts'

const helloData = z.object({ worker: z.string() })
const readers = new Set<Reader>()

/** Closes every reader that is open, also those that a failed test left behind. */
export function closeReaders(): void {
  for (const reader of readers) reader.close()
}

/**
 * Reads a stream as a browser's EventSource does: comes back after every end and every failure to connect, `retry` later
 * and with the last id it saw; an answer that is not a stream ends it for good. A test can hold it back, cut it at a
 * byte, or make it stop reading.
 */
export class Reader {
  /** What came, in order, over all connections. */
  readonly received: Entry[] = []
  /** Gap events so far. */
  gaps = 0
  /** Answers that ended other than by close(), however early: a cut may come before hello. */
  cuts = 0
  /** When each connection said hello (Date.now()). */
  readonly greetedAt: number[] = []
  /** The answer that ended it for good: a fault of the server. */
  fatal: string | undefined
  /** Who holds the stream now. Undefined while there is none. */
  worker: string | undefined
  readonly #url: string
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #timer: NodeJS.Timeout | undefined
  #lastId = ''
  #retryMs = 1000
  #bytesUntilCut = Infinity
  #held = false
  #stopped = false
  #closed = false

  constructor(url: string) {
    this.#url = url
    readers.add(this)
    this.#connect()
  }

  /** Resolves when a worker has said hello on the present connection. */
  async greeted(withinMs = 5000): Promise<void> {
    await until(`hello (the reader has ${this.fatal ?? 'no fatal answer'})`, withinMs, () => this.worker)
  }

  /** From now on it stays away once it is cut. */
  hold(): void {
    this.#held = true
    clearTimeout(this.#timer)
  }

  /** Lets it come back. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    if (this.#request === undefined && !this.#closed) this.#connect()
  }

  /** Cuts the connection when so many more bytes of the stream have come, wherever in an event that is. */
  cutAfter(bytes: number): void {
    this.#bytesUntilCut = bytes
  }

  /** Stops reading from the socket: what the server sends now fills the buffers on the way. It stays so if it is cut. */
  stopReading(): void {
    this.#stopped = true
    this.#response?.pause()
  }

  readOn(): void {
    this.#stopped = false
    this.#response?.resume()
  }

  close(): void {
    this.#closed = true
    readers.delete(this)
    clearTimeout(this.#timer)
    this.#request?.destroy()
  }

  #connect(): void {
    const headers = {
      accept: 'text/event-stream',
      ...(this.#lastId !== '' && { 'last-event-id': this.#lastId }),
    }
    // Its own connection for each stream, as each browser has its own.
    const outgoing = request(this.#url, { agent: false, headers })
    this.#request = outgoing
    outgoing.on('error', () => undefined) // 'close' says it
    outgoing.on('close', () => this.#over())
    outgoing.on('response', response => this.#read(response))
    outgoing.end()
  }

  #read(response: IncomingMessage): void {
    this.#response = response
    response.on('error', () => undefined)
    const type = response.headers['content-type']
    if (response.statusCode !== 200 || type?.startsWith('text/event-stream') !== true) {
      this.fatal = `${response.statusCode} ${type}`
      this.#request?.destroy()
      return
    }
    // A parser of its own for each connection: an event whose end never came is dropped.
    const parser = createParser({
      onEvent: event => this.#take(event),
      onRetry: ms => (this.#retryMs = ms),
    })
    const decoder = new TextDecoder()
    response.on('data', (bytes: Buffer) => {
      const taken = bytes.subarray(0, this.#bytesUntilCut)
      this.#bytesUntilCut -= taken.length
      parser.feed(decoder.decode(taken, { stream: true }))
      if (this.#bytesUntilCut > 0) return
      this.#bytesUntilCut = Infinity
      response.removeAllListeners('data')
      this.#request?.destroy()
    })
    if (this.#stopped) response.pause()
  }

  #take({ id, event, data }: EventSourceMessage): void {
    if (id !== undefined) this.#lastId = id
    if (event === 'hello') {
      this.worker = helloData.parse(JSON.parse(data)).worker
      this.greetedAt.push(Date.now())
    } else if (event === 'gap') this.gaps += 1
    else if (event !== 'heartbeat') {
      const [publisher = '', sequence] = data.split(' ', 2)
      this.received.push({ publisher, sequence: Number(sequence) })
    }
  }

  #over(): void {
    if (this.#response !== undefined && !this.#closed) this.cuts += 1
    this.#request = this.#response = undefined
    this.worker = undefined
    if (this.#closed || this.#held || this.fatal !== undefined) return
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs)
  }
}
