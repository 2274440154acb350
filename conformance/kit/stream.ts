import { createParser } from 'eventsource-parser'
import { z } from 'zod'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Answer } from './answer.ts'
import { asText, published, type Arriving } from './arriving.ts'
import { Background } from './background.ts'
import { Exchange, held, type ExchangeOptions, type RequestParts } from './exchange.ts'
import { Failure, show } from './expect.ts'
import { LineReader } from './line-reader.ts'

export type StreamEvent = {
  id: string | undefined
  type: string
  /** What was published, as far as the kit knows what this server makes of it. */
  data: string
  /** What came. */
  raw: string
  at: number
}

export type StreamOptions = ExchangeOptions & { arriving?: Arriving; background?: Background }

// What the kit demands of a hello, of any server: it shares no schema with one that it judges.
const helloData = z.object({
  worker: z.string(),
  instance: z.number().int(),
  pid: z.number().int(),
  bus: z.string(),
  heartbeatMs: z.number().int(),
})
export type Hello = z.output<typeof helloData>

/** One event stream, read by the oracle (the npm package eventsource-parser) and by the kit's own strict reader. */
export class Stream {
  readonly exchange: Exchange
  readonly lines = new LineReader()
  /** What the oracle dispatched, in order. */
  readonly events: StreamEvent[] = []
  readonly retries: number[] = []
  /** Hears each further event. */
  onEvent: (event: StreamEvent) => void = () => undefined
  readonly #withinMs: number
  readonly #background: Background
  #answer: Answer | undefined

  constructor(base: URL, withinMs: number, options: StreamOptions) {
    const { arriving = asText, background = new Background(), ...others } = options
    this.#withinMs = withinMs
    this.#background = background
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const parser = createParser({
      onEvent: ({ id, event: type = 'message', data: raw }) => {
        const event = { id, type, data: published(raw, arriving), raw, at: Date.now() }
        this.events.push(event)
        this.onEvent(event)
      },
      onRetry: ms => this.retries.push(ms),
    })
    const onBody = (bytes: Buffer): void => {
      this.lines.feed(bytes)
      parser.feed(decoder.decode(bytes, { stream: true }))
    }
    this.exchange = new Exchange(base, withinMs, { ...others, onBody })
  }

  /** Asks for the stream, and fails unless the answer is a 200. */
  async open(request: RequestParts): Promise<void> {
    this.exchange.send(request)
    this.#answer = await this.exchange.head()
    if (this.#answer.status !== 200) {
      const { status } = this.#answer
      throw new Failure(`opening a stream: wanted 200, saw ${status}`, `open ${status}`)
    }
  }

  get answer(): Answer {
    if (this.#answer === undefined) throw new Error('the stream is not open')
    return this.#answer
  }

  /** Everything that came so far, as text. */
  get text(): string {
    return this.answer.text
  }

  /** The first event that fits, whether it has come already or comes in time. */
  async next(
    what: string,
    fits: (event: StreamEvent) => boolean,
    withinMs = this.#withinMs,
  ): Promise<StreamEvent> {
    try {
      return await until(what, withinMs, () => this.events.find(fits))
    } catch {
      const seen = this.events.slice(-4).map(event => `${event.type} ${show(event.data.slice(0, 40))}`)
      throw new Failure(
        `wanted ${what} within ${withinMs} ms, saw ${seen.join(', ') || 'no event'}; the stream ${this.state}`,
      )
    }
  }

  /** Whether it is open, and what that may mean where nothing comes. */
  get state(): string {
    if (this.exchange.wire.over !== undefined) return 'has ended'
    return this.answer.length > 0 ? 'is open' : `is open, and no byte of it has come: ${held}`
  }

  /** The first event with this data. */
  async data(data: string): Promise<StreamEvent> {
    return await this.next(
      `the event ${show(data)}`,
      event => event.data === data && !this.#background.has(event),
    )
  }

  async hello(): Promise<Hello> {
    const event = await this.next('hello', ({ type }) => type === 'hello')
    const read = helloData.safeParse(JSON.parse(event.data))
    if (!read.success)
      throw new Failure(`hello: wanted worker, instance, pid, bus, heartbeatMs; saw ${event.data}`)
    return read.data
  }

  async gap(): Promise<StreamEvent> {
    return await this.next('a gap', ({ type }) => type === 'gap')
  }

  get gaps(): StreamEvent[] {
    return this.events.filter(({ type }) => type === 'gap')
  }

  close(): void {
    this.exchange.wire.close()
  }
}
