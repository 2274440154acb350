import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerEarly } from './model-early.ts'
import {
  bodySteps,
  readBody,
  readPublish,
  Refused,
  type BodySteps,
  type ModelEvent,
} from './model-publish.ts'
import { idsIn, topicsIn } from './model-query.ts'
import { isAbove, isPosition, nextPosition } from './position.ts'

export type ModelStream = { response: ServerResponse; topics: Set<string> }

const allowedOrigin = 'http://page.example'
const heartbeatMs = 200

/**
 * The smallest server that keeps every rule of the kit, with a history. Each step that can go wrong is a method, so that
 * a wrong server is this one with a step replaced. What the lab's server has as well (topics, ids, keys, refusals) stands here
 * once more, on purpose: the kit is tested against the rules as docs/api.md has them, not against the code that it judges.
 */
export class Model implements AsyncDisposable {
  readonly log: ModelEvent[] = []
  readonly streams = new Set<ModelStream>()
  /** Every position that a client was told. */
  readonly known = new Set<string>()
  readonly keys = new Map<string, { body: string; id: string }>()
  position = nextPosition('0-0')
  readonly #server = createServer({ maxHeaderSize: this.headBytesMax() }, (request, response) => {
    this.route(request, response).catch(() => response.destroy())
  }).on('clientError', (error: NodeJS.ErrnoException, socket) => this.refuseEarly(error, socket))
  readonly #beat = setInterval(() => this.heartbeat(), heartbeatMs)

  async listen(): Promise<URL> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no address')
    return new URL(`http://127.0.0.1:${address.port}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat)
    this.#server.closeAllConnections()
    this.#server.close()
  }

  headBytesMax(): number {
    return 65_536
  }

  /** Answers what the HTTP parser has refused. */
  refuseEarly(error: NodeJS.ErrnoException, socket: Duplex): void {
    answerEarly(socket, error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400)
  }

  async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://model')
    this.allowOrigin(request, response)
    if (url.pathname === '/api/workers') this.workers(response)
    else if (url.pathname !== '/events') this.problem(response, 404, 'not-found')
    else if (request.method === 'GET') await this.open(request, response, url)
    else if (request.method === 'HEAD') this.head(request, response, url)
    else if (request.method === 'POST') await this.publish(request, response)
    else if (request.method === 'OPTIONS') response.writeHead(204).end()
    else this.otherMethod(request, response, url)
  }

  workers(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ workers: [{ worker: 'model/0', connections: this.connections() }] }))
  }

  connections(): number {
    return this.streams.size
  }

  allowOrigin(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Vary', 'Origin')
    if (request.headers.origin !== allowedOrigin) return
    response.setHeader('Access-Control-Allow-Origin', allowedOrigin)
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST')
    response.setHeader('Access-Control-Allow-Headers', 'content-type, idempotency-key, last-event-id')
  }

  head(_request: IncomingMessage, response: ServerResponse, _url: URL): void {
    response.writeHead(200, this.headers()).end()
  }

  otherMethod(_request: IncomingMessage, response: ServerResponse, _url: URL): void {
    response.setHeader('Allow', 'GET, HEAD, POST, OPTIONS')
    this.problem(response, 405, 'method-not-allowed')
  }

  problem(response: ServerResponse, status: number, code: string, detail: string = code): void {
    response.writeHead(status, { 'Content-Type': 'application/problem+json' })
    response.end(JSON.stringify({ type: 'about:blank', title: code, status, code, detail }))
  }

  headers(): Record<string, string> {
    return {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      Connection: 'close',
    }
  }

  /** The query of a URL. */
  query(url: URL): URLSearchParams {
    return new URLSearchParams(url.search)
  }

  /** The topics of a query, or undefined where it is refused. */
  topicsOf(query: URLSearchParams): Set<string> | undefined {
    return topicsIn(query)
  }

  /** The ids that a query names, however it spells the parameter. */
  idsOf(query: URLSearchParams): Set<string> {
    return idsIn(query)
  }

  /** The id that a client comes back with. */
  givenId(request: IncomingMessage, url: URL): string {
    const header = request.headers['last-event-id']
    if (typeof header === 'string' && header !== '') return header
    const [id = '', ...others] = this.idsOf(this.query(url))
    return others.length === 0 ? id : 'two ids'
  }

  async open(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const topics = this.topicsOf(this.query(url))
    if (topics === undefined) {
      this.problem(response, 400, 'bad-topic')
      return
    }
    this.readAway(request)
    const first = this.firstText(this.givenId(request, url), topics)
    await this.greet(response, first)
    this.streams.add({ response, topics })
    response.once('close', () => {
      for (const stream of this.streams) if (stream.response === response) this.streams.delete(stream)
    })
  }

  async greet(response: ServerResponse, first: string): Promise<void> {
    response.writeHead(200, this.headers())
    this.write(response, first)
  }

  /** Hello, perhaps a gap, and the replay. */
  firstText(given: string, topics: Set<string>): string {
    const hello = (position: string) => this.helloText(1000 + Math.floor(Math.random() * 4000), position)
    const replay = (after: string) => this.after(after, topics).map(event => this.frame(event))
    if (given === '') return hello(this.position)
    if (!isPosition(given) || isAbove(given, this.position)) {
      return hello(this.position) + this.gapText(this.position, given)
    }
    if (this.known.has(given)) return [hello(given), ...replay(given)].join('')
    return [hello('0-0'), this.gapText('0-0', given), ...replay('0-0')].join('')
  }

  after(position: string, topics: Set<string>): ModelEvent[] {
    return this.log.filter(({ id, topic }) => topics.has(topic) && isAbove(id, position))
  }

  helloText(retryMs: number, position: string): string {
    this.known.add(position)
    const data = JSON.stringify({ worker: 'model/0', instance: 0, pid: 1, bus: 'streams', heartbeatMs })
    return `retry: ${retryMs}\nid: ${position}\nevent: hello\ndata: ${data}\n\n`
  }

  gapText(position: string, _given: string): string {
    const oldest = this.log[0]?.id ?? null
    return `id: ${position}\nevent: gap\ndata: ${JSON.stringify({ oldest })}\n\n`
  }

  heartbeatText(): string {
    this.known.add(this.position)
    return `id: ${this.position}\nevent: heartbeat\ndata:\n\n`
  }

  heartbeat(): void {
    for (const { response } of this.streams) response.write(this.heartbeatText())
  }

  /** Reads a body that nobody wants. */
  readAway(request: IncomingMessage): void {
    request.resume()
  }

  bodySteps(): BodySteps {
    return bodySteps
  }

  async publish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    try {
      this.take(response, readPublish(body, request.headers, this.bodySteps()), body.toString('latin1'))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.refuse(response, error, body.toString())
    }
  }

  take(response: ServerResponse, read: ReturnType<typeof readPublish>, body: string): void {
    const { key, ...draft } = read
    const before = key === undefined ? undefined : this.keys.get(key)
    if (before !== undefined && before.body !== body) {
      this.problem(response, 422, 'key-reused')
      return
    }
    const id = before?.id ?? this.append(draft)
    if (key !== undefined) this.keys.set(key, { body, id })
    response.writeHead(202, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ id, topic: draft.topic, worker: 'model/0' }))
  }

  refuse(response: ServerResponse, { status, code, message }: Refused, _body: string): void {
    this.problem(response, status, code, message)
  }

  /** Gives an event its id and delivers it. */
  append(draft: Omit<ModelEvent, 'id'>): string {
    const event = { ...draft, id: (this.position = nextPosition(this.position)) }
    this.log.push(event)
    this.known.add(event.id)
    this.deliver(event)
    return event.id
  }

  deliver(event: ModelEvent): void {
    for (const { response, topics } of this.streams) {
      if (topics.has(event.topic)) this.write(response, this.frame(event))
    }
  }

  write(response: ServerResponse, text: string): void {
    response.write(text)
  }

  frame(event: ModelEvent): string {
    return `${this.idLine(event)}${this.typeLine(event)}${this.dataLines(event.data)}\n`
  }

  idLine({ id }: ModelEvent): string {
    return `id: ${id}\n`
  }

  typeLine({ type }: ModelEvent): string {
    return type === undefined ? '' : `event: ${type}\n`
  }

  dataLines(data: string): string {
    return this.split(data)
      .map(line => `data: ${line}\n`)
      .join('')
  }

  split(data: string): string[] {
    return data.split(/\r\n|\r|\n/)
  }
}
