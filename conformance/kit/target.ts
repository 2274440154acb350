import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Answer } from './answer.ts'
import { withTopic } from '@sse-lab/load/k6/lib/template.ts'
import { asText, type Arriving } from './arriving.ts'
import { Background } from './background.ts'
import { Exchange, requestText, type Headers, type RequestParts } from './exchange.ts'
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
  headers?: Headers
  version?: '1.0' | '1.1'
  /** What nobody sends with a GET, and some do. */
  body?: string
}

type PublishRequest = Omit<RequestParts, 'body'> & { body: string }

/** What the first look at a server has shown of how to read it. */
export type Reading = { arriving: Arriving; background: Background }

// For one call: below what a case may take.
const limitedMsMax = 20_000
const acknowledgement = z.object({ id: z.string() })

/** The server under test, as one case sees it: with a topic of its own and connections that end with the case. */
export class Target implements Disposable {
  readonly options: Options
  readonly topic: string
  /** When the newest call was sent; of one that a limit refused, its last try. Time from here leaves the wait for it out. */
  lastSentAt = 0
  readonly #reading: Reading
  readonly #open: Exchange[] = []
  #publishedAt = Infinity
  #repeatedMs: number | undefined
  #isOver = false

  constructor(options: Options, reading: Reading = { arriving: asText, background: new Background() }) {
    this.options = options
    this.topic = options.topic ?? `conformance-${randomUUID()}`
    this.#reading = reading
  }

  /** The path of the stream of these topics. */
  streamPath(topics: readonly string[] = [this.topic], query = ''): string {
    const [bare = '', template = ''] = this.options.stream.split(/\?(.*)/s, 2)
    const path = withTopic(bare, topics[0] ?? this.topic)
    const pairs = template.split('&').flatMap(pair => {
      const names = pair.includes('{topic}') ? topics : ['']
      return names.map(topic => pair.replace('{topic}', encodeURIComponent(topic)))
    })
    const all = [...pairs, query].filter(Boolean).join('&')
    return all === '' ? path : `${path}?${all}`
  }

  /** Whether what is published arrives as it is, and not as JSON of it. */
  get arrivesAsText(): boolean {
    return this.#reading.arriving.as === 'text'
  }

  get publishesJson(): boolean {
    return /[/+]json\b/i.test(this.options.publish?.template.contentType ?? '')
  }

  /** Whether a publish can say the type of its event. */
  get publishesTypes(): boolean {
    return this.options.publish?.template.saysType ?? false
  }

  /** A connection of its own, so that each call can meet another worker. */
  connect(options: WireOptions = {}): Exchange {
    return this.#connectTo(this.options.base, options)
  }

  #connectTo(base: URL, options: WireOptions = {}): Exchange {
    const { ca, headers, withinMs } = this.options
    const exchange = new Exchange(base, withinMs, { ca, always: headers, ...options })
    this.#open.push(exchange)
    return exchange
  }

  /** A connection to where events are published. */
  connectToPublish(): Exchange {
    return this.#connectTo(this.options.publish?.base ?? this.options.base)
  }

  /** One call, answered whole. */
  async call(request: RequestParts): Promise<Answer> {
    if (request.body !== undefined) this.#notePublish()
    return await this.#answerTo(request, () => this.connect())
  }

  /** One publish, answered whole, as publishRequest() or something like it gives it. */
  async callToPublish(request: RequestParts): Promise<Answer> {
    return await this.#answerTo(request, () => this.connectToPublish())
  }

  // A limit breaks no rule: a call that met one was not taken, and is repeated when the server says.
  async #answerTo(request: RequestParts, connect: () => Exchange): Promise<Answer> {
    const deadline = Date.now() + limitedMsMax
    for (;;) {
      const exchange = connect()
      try {
        this.lastSentAt = Date.now()
        exchange.send(request)
        const answer = await exchange.answer()
        const { retryAfterMs } = answer
        if (retryAfterMs === undefined || Date.now() + retryAfterMs > deadline) return answer
        this.#open.splice(this.#open.indexOf(exchange), 1)
        this.#repeatedMs = Math.max(this.#repeatedMs ?? 0, retryAfterMs)
        await pause(retryAfterMs)
        if (this.#isOver) return answer
      } finally {
        exchange.wire.close()
      }
    }
  }

  /** How long to wait before this case is run again, where a limit refused one of its calls for good. */
  get refusedMs(): number | undefined {
    const all = this.#open.flatMap(({ answers }) => answers.map(({ retryAfterMs }) => retryAfterMs))
    return all.reduce((longest, ms) => (ms === undefined ? longest : Math.max(longest ?? 0, ms)), undefined)
  }

  /** The same, also where the call was taken when it was repeated: the case may have had no time left. */
  get limitedMs(): number | undefined {
    return this.refusedMs ?? this.#repeatedMs
  }

  /** The request for a stream. */
  streamRequest(request: Omit<StreamRequest, keyof WireOptions> = {}): RequestParts {
    const { topics = [this.topic], query, headers = {}, version = '1.1', body } = request
    const { method } = this.options
    const [first = ''] = topics
    const own = body ?? this.options.body?.replaceAll('{topic}', first)
    const parts = { method, path: this.streamPath(topics, query), version }
    const all = { Accept: this.#accept, ...this.#typeOf(own), ...headers }
    return own === undefined ? { ...parts, headers: all } : { ...parts, headers: all, body: own }
  }

  // What the caller gives stands in every request, and wins over what the kit would say by itself.
  get #accept(): string {
    return this.options.headers.accept ?? 'text/event-stream'
  }

  #typeOf(body: string | undefined): Headers {
    if (body === undefined || this.options.method === 'GET') return {}
    const guessed = /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain'
    return { 'Content-Type': this.options.headers['content-type'] ?? guessed }
  }

  /** The same as text. */
  streamText(): string {
    const { base, headers } = this.options
    return requestText(base, this.streamRequest(), headers)
  }

  /** A stream whose headers are there. */
  async stream(request: StreamRequest = {}): Promise<Stream> {
    const { readBytes } = request
    const { base, withinMs, ca, headers: always } = this.options
    const wire = readBytes === undefined ? {} : { readBytes }
    const stream = new Stream(base, withinMs, { ...wire, ca, always, ...this.#reading })
    this.#open.push(stream.exchange)
    await stream.open(this.streamRequest(request))
    return stream
  }

  /** The request that publishes. */
  publishRequest(draft: Draft, headers: Record<string, string | undefined> = {}): PublishRequest {
    const { publish } = this.options
    if (publish === undefined) throw new Skip('there is no way to publish')
    const { template, method, path } = publish
    const { topic = this.topic, data, type } = draft
    if (type !== undefined && !template.saysType) throw new Skip('the body of a publish has no {{type}}')
    this.#notePublish()
    return {
      method,
      path: withTopic(path, topic),
      headers: { 'Content-Type': template.contentType, ...headers },
      body: template.bodyOf({ topic, data, type }),
    }
  }

  /** Sends this as the body of a publish, whatever it is. */
  async post(body: string | Buffer, headers: Record<string, string | undefined> = {}): Promise<Answer> {
    return await this.callToPublish({ ...this.publishRequest({ data: 1 }, headers), body })
  }

  publishText(draft: Draft, headers: Record<string, string | undefined> = {}): string {
    const base = this.options.publish?.base ?? this.options.base
    return requestText(base, this.publishRequest(draft, headers), this.options.headers)
  }

  /** Publishes, and fails unless the server took it. Returns the event's id where the answer has one. */
  async publish(data: unknown, more: Omit<Draft, 'data'> & { key?: string } = {}): Promise<string> {
    const { key, ...draft } = more
    const answer = await this.callToPublish(
      this.publishRequest({ data, ...draft }, { 'Idempotency-Key': key }),
    )
    if (answer.status < 200 || answer.status > 299) {
      throw new Failure(
        `publishing ${show(data)}: wanted 202 or another 2xx, saw ${answer.status} ${answer.text.slice(0, 200)}`,
        `publish ${answer.status}`,
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
    const { background } = this.#reading
    return stream.events.filter(event => event.at >= this.#publishedAt && !background.has(event))
  }

  /** Publishes a last event, waits for it, and returns the data of all that came before it. */
  async dataBeforeEnd(stream: Stream): Promise<string[]> {
    const end = `end-${randomUUID()}`
    await this.publish(end)
    // A server that changes data should fail for that alone, so the last event is known by what is in it.
    const last = await stream.next('the last event', ({ raw }) => raw.includes(end))
    const all = this.published(stream)
    return all.slice(0, all.indexOf(last)).map(({ data }) => data)
  }

  // What came before the case published anything is not of the case: a server may greet in its own way.
  #notePublish(): void {
    this.#publishedAt = Math.min(this.#publishedAt, Date.now())
  }

  [Symbol.dispose](): void {
    this.#isOver = true
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
