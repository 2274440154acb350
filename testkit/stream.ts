import type { IncomingMessage } from 'node:http'
import { afterEach } from 'node:test'
import type { EventSourceMessage } from 'eventsource-parser'
import { z } from 'zod'
import { entryIn, type Entry } from './ledger.ts'
import { StreamConnection, type Ending, type Reading } from './stream-connection.ts'
import { until } from './wait.ts'

// Apart from the conformance kit's: that one judges what this one relies on.
const helloData = z.object({
  worker: z.string(),
  instance: z.number(),
  pid: z.number(),
  bus: z.string(),
  heartbeatMs: z.number(),
})

type Options = {
  headers?: Record<string, string>
  body?: string
  /** Keep all that comes in `text`. */
  keepText?: boolean
  /** How long the headers may take. Without it they are awaited for ever. */
  withinMs?: number
}

const open = new Set<TestStream>()

/** Closes every stream that is open, also those that a failed test left behind. */
export function closeStreams(): void {
  for (const stream of open) stream.close()
}

// They would hold the process of a failed test, and disturb the next one. Programs have no tests, and close their own.
if (process.env.NODE_TEST_CONTEXT !== undefined) afterEach(closeStreams)

/**
 * One SSE stream as a client sees it. `open` makes one that ends with its connection, `returning` one that comes back as a
 * browser's EventSource does: after every end and every failure to connect, `retry` later, with the last id it saw.
 */
export class TestStream implements AsyncDisposable {
  /** Of the newest answer; 0 without one. */
  status = 0
  headers: IncomingMessage['headers'] = {}
  /** Events in the order of arrival, without the server's own (hello, heartbeat, gap). Not kept by one that returns. */
  readonly events: EventSourceMessage[] = []
  /** The same events as a Publisher made them, over all connections. Only kept by one that returns: megabytes may pass it. */
  readonly received: Entry[] = []
  readonly gaps: EventSourceMessage[] = []
  heartbeats = 0
  retryMs: number | undefined
  /** Of one that returns: undefined while nobody holds it. */
  hello: z.output<typeof helloData> | undefined
  /** When each connection said hello (Date.now()). */
  readonly greetedAt: number[] = []
  /** Of one that returns: how long it was told to wait before each return. */
  readonly waitsMs: number[] = []
  /** Where the stream starts, or where the last gap or heartbeat or event has led it; empty without a log. */
  position = ''
  text = ''
  /** How the newest answer ended. */
  ending: Ending | undefined
  /** Answers that ended other than by close(), however early: a cut may come before hello. */
  cuts = 0
  /** The answer that ended one that returns for good: a fault of the server. */
  fatal: string | undefined
  readonly #url: string
  readonly #options: Options
  readonly #returns: boolean
  readonly #answered = Promise.withResolvers<void>()
  readonly #reading: Reading = { bytesUntilCut: Infinity, stopped: false }
  #connection: StreamConnection | undefined
  #timer: NodeJS.Timeout | undefined
  #held = false
  #closed = false

  private constructor(url: string, options: Options, returns: boolean) {
    this.#url = url
    this.#options = options
    this.#returns = returns
    // Nobody may wait for it.
    this.#answered.promise.catch(() => undefined)
    open.add(this)
    this.#connect()
  }

  /** Resolves when the headers are there, whatever the status; rejects if they do not come, or not in time. */
  static async open(url: string, options: Options = {}): Promise<TestStream> {
    const { withinMs } = options
    const stream = new TestStream(url, options, false)
    const late = () => stream.#connection?.close(new Error(`no headers of ${url} within ${withinMs} ms`))
    const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs)
    await stream.#answered.promise.finally(() => clearTimeout(timer))
    return stream
  }

  /**
   * Opens a stream and resolves when it has said hello. Told to come back later, it does, as a browser would: in the
   * second after a server has gone nginx may still try it, and have nobody else for that request. A call that is never
   * answered (pm2 handed it to a worker in the instant of its death) is made again.
   */
  static async openGreeted(url: string): Promise<TestStream> {
    return await until('a stream that says hello', 10_000, async () => {
      const stream = await TestStream.open(url, { withinMs: 3000 })
      await until('hello, or the end', 5000, () => stream.hello ?? stream.ending)
      return stream.hello !== undefined && stream
    })
  }

  /** A stream that comes back until it is closed, or an answer is none of a stream. It is not yet open when this returns. */
  static returning(url: string, options: Pick<Options, 'headers'> = {}): TestStream {
    return new TestStream(url, options, true)
  }

  /** Who holds the stream. */
  get worker(): string | undefined {
    return this.hello?.worker
  }

  /** Resolves when a worker has said hello on the present connection, with what it said. */
  async greeted(withinMs = 5000): Promise<z.output<typeof helloData>> {
    return await until(
      'hello',
      withinMs,
      () => this.hello,
      () => this.fatal ?? this.ending ?? `status ${this.status}`,
    )
  }

  /** The first event that fits, whether it has come already or comes in time. */
  async next(
    fits: (event: EventSourceMessage) => boolean,
    { withinMs }: { withinMs: number },
  ): Promise<EventSourceMessage> {
    return await until(
      'the event',
      withinMs,
      () => this.events.find(fits),
      () =>
        `${this.events.length} events, at the end ${this.events
          .slice(-5)
          .map(it => it.id)
          .join(', ')}`,
    )
  }

  /** How the stream ended. Fails if it has not by then. */
  async ended(withinMs: number): Promise<Ending> {
    return await until('the end of the stream', withinMs, () => this.ending)
  }

  /** Cuts the connection, as a client does that has heard nothing for too long. One that returns comes back. */
  breakOff(): void {
    this.#connection?.close()
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
    if (this.#connection === undefined && !this.#closed) this.#connect()
  }

  /** Cuts the connection when so many more bytes of the stream have come, wherever in an event that is. */
  cutAfter(bytes: number): void {
    this.#reading.bytesUntilCut = bytes
  }

  /** Stops reading from the socket: what the server sends now fills the buffers on the way. It stays so if it is cut. */
  stopReading(): void {
    this.#reading.stopped = true
    this.#connection?.applyStopped()
  }

  readOn(): void {
    this.#reading.stopped = false
    this.#connection?.applyStopped()
  }

  close(): void {
    this.#closed = true
    open.delete(this)
    clearTimeout(this.#timer)
    this.#connection?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #connect(): void {
    const lastId = this.#returns && this.position !== '' ? { 'last-event-id': this.position } : {}
    const { headers = {}, body, keepText } = this.#options
    this.#connection = new StreamConnection(
      this.#url,
      { headers: { ...headers, ...lastId }, body },
      this.#reading,
      {
        answered: response => this.#answer(response),
        text: text => void (keepText === true && (this.text += text)),
        event: event => this.#take(event),
        retry: ms => (this.retryMs = ms),
        over: (ending, error) => this.#over(ending, error),
      },
    )
  }

  #answer({ statusCode = 0, headers }: IncomingMessage): void {
    this.status = statusCode
    this.headers = headers
    const type = headers['content-type']
    if (this.#returns && (statusCode !== 200 || type?.startsWith('text/event-stream') !== true)) {
      this.fatal = `${statusCode} ${type}`
      this.#connection?.close()
    }
    this.#answered.resolve()
  }

  #take(event: EventSourceMessage): void {
    if (event.id !== undefined) this.position = event.id
    if (event.event === 'hello') {
      this.hello = helloData.parse(JSON.parse(event.data))
      this.greetedAt.push(Date.now())
    } else if (event.event === 'heartbeat') this.heartbeats += 1
    else if (event.event === 'gap') this.gaps.push(event)
    else if (this.#returns) this.received.push(entryIn(event.data))
    else this.events.push(event)
  }

  #over(ending: Ending | undefined, error: Error | undefined): void {
    this.#connection = undefined
    this.ending = ending ?? this.ending
    this.#answered.reject(error)
    if (ending !== undefined && !this.#closed) this.cuts += 1
    if (!this.#returns) {
      open.delete(this)
      return
    }
    this.hello = undefined
    if (this.#closed || this.#held || this.fatal !== undefined) return
    const waitMs = this.retryMs ?? 1000
    this.waitsMs.push(waitMs)
    this.#timer = setTimeout(() => this.#connect(), waitMs)
  }
}
