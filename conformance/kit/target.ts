import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Answer } from './answer.ts'
import { Exchange, requestText, type RequestParts } from './exchange.ts'
import { Failure, Skip, show } from './expect.ts'
import type { Options } from './options.ts'
import { Stream, type StreamEvent } from './stream.ts'
import type { WireOptions } from './wire.ts'

/** What is to be published. `topic` is the case's own unless given. */
export type Draft = { data: unknown; type?: string; topic?: string }
export type StreamRequest = WireOptions & {
  topics?: readonly string[]
  /** More of the query, as in `lastEventID=7`. */
  query?: string
  headers?: Record<string, string | undefined>
  version?: '1.0' | '1.1'
  /** What nobody sends with a GET, and some do. */
  body?: string
}

type PublishRequest = Omit<RequestParts, 'body'> & { body: string }

const acknowledgement = z.object({ id: z.string() })

/** The server under test, as one case sees it: with a topic of its own and connections that end with the case. */
export class Target implements Disposable {
  readonly options: Options
  readonly topic = `conformance-${randomUUID()}`
  readonly #open: Exchange[] = []
  #publishedAt = Infinity

  constructor(options: Options) {
    this.options = options
  }

  /** The path of the stream of these topics. */
  streamPath(topics: readonly string[] = [this.topic], query = ''): string {
    const [path = '', template = ''] = this.options.stream.split(/\?(.*)/s, 2)
    const pairs = template.split('&').flatMap(pair => {
      const names = pair.includes('{topic}') ? topics : ['']
      return names.map(topic => pair.replace('{topic}', encodeURIComponent(topic)))
    })
    const all = [...pairs, query].filter(Boolean).join('&')
    return all === '' ? path : `${path}?${all}`
  }

  /** A connection of its own, so that each call can meet another worker. */
  connect(options: WireOptions = {}): Exchange {
    const exchange = new Exchange(this.options.base, this.options.withinMs, options)
    this.#open.push(exchange)
    return exchange
  }

  /** One call, answered whole. */
  async call(request: RequestParts): Promise<Answer> {
    if (request.body !== undefined) this.#notePublish()
    const exchange = this.connect()
    exchange.send(request)
    try {
      return await exchange.answer()
    } finally {
      exchange.wire.close()
    }
  }

  /** A stream whose headers are there. */
  async stream(request: StreamRequest = {}): Promise<Stream> {
    const { topics, query, headers = {}, version = '1.1', body, ...wire } = request
    const stream = new Stream(this.options.base, this.options.withinMs, wire)
    this.#open.push(stream.exchange)
    const parts = { path: this.streamPath(topics, query), headers, version }
    await stream.open(body === undefined ? parts : { ...parts, body })
    return stream
  }

  /** The request that publishes. */
  publishRequest(draft: Draft, headers: Record<string, string | undefined> = {}): PublishRequest {
    if (this.options.publish === undefined) throw new Skip('there is no way to publish')
    this.#notePublish()
    const body = JSON.stringify({ topic: this.topic, ...draft })
    return { ...this.options.publish, headers: { 'Content-Type': 'application/json', ...headers }, body }
  }

  /** Sends this as the body of a publish, whatever it is. */
  async post(body: string | Buffer, headers: Record<string, string | undefined> = {}): Promise<Answer> {
    return await this.call({ ...this.publishRequest({ data: 1 }, headers), body })
  }

  publishText(draft: Draft, headers: Record<string, string | undefined> = {}): string {
    return requestText(this.options.base, this.publishRequest(draft, headers))
  }

  /** Publishes, and fails unless the server took it. Returns the event's id where the answer has one. */
  async publish(data: unknown, more: Omit<Draft, 'data'> & { key?: string } = {}): Promise<string> {
    const { key, ...draft } = more
    const answer = await this.call(this.publishRequest({ data, ...draft }, { 'Idempotency-Key': key }))
    if (answer.status < 200 || answer.status > 299) {
      throw new Failure(
        `publishing ${show(data)}: wanted 202, saw ${answer.status} ${answer.text.slice(0, 200)}`,
      )
    }
    return idOf(answer)
  }

  /** Publishes one after another, and returns the ids. */
  async publishAll(all: readonly unknown[], topic = this.topic): Promise<string[]> {
    const ids: string[] = []
    for (const data of all) ids.push(await this.publish(data, { topic }))
    return ids
  }

  /** What was published by this case and has come on the stream. */
  published(stream: Stream): StreamEvent[] {
    const own = new Set(['hello', 'gap', 'heartbeat'])
    return stream.events.filter(({ type, at }) => at >= this.#publishedAt && !own.has(type))
  }

  /** Publishes a last event, waits for it, and returns the data of all that came before it. */
  async dataBeforeEnd(stream: Stream): Promise<string[]> {
    const end = `end-${randomUUID()}`
    await this.publish(end)
    // A server that changes data should fail for that alone, so the last event is known by what is in it.
    const last = await stream.next('the last event', ({ data }) => data.includes(end))
    const all = this.published(stream)
    return all.slice(0, all.indexOf(last)).map(({ data }) => data)
  }

  // What came before the case published anything is not of the case: a server may greet in its own way.
  #notePublish(): void {
    this.#publishedAt = Math.min(this.#publishedAt, Date.now())
  }

  [Symbol.dispose](): void {
    for (const exchange of this.#open) exchange.wire.close()
  }
}

/** The id in the answer to a publish, or the empty text. */
export function idOf(answer: Answer): string {
  try {
    const read = acknowledgement.safeParse(JSON.parse(answer.text))
    return read.success ? read.data.id : ''
  } catch {
    return ''
  }
}
