import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { afterEach } from 'node:test'
import { createGunzip } from 'node:zlib'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { z } from 'zod'
import { until } from './wait.ts'

const helloData = z.object({
  worker: z.string(),
  instance: z.number(),
  pid: z.number(),
  bus: z.string(),
  heartbeatMs: z.number(),
})

/** How a stream ended: `end` as HTTP wants it, `cut` in the middle. */
export type Ending = { how: 'end' | 'cut'; openMs: number }

// A test that fails leaves its streams behind: they would hold its process, and disturb the next test.
const open = new Set<TestStream>()
afterEach(() => {
  for (const stream of open) stream.close()
})

/** One SSE stream as a reader sees it. Reads from the socket at once, so nothing waits for the test's own turn. */
export class TestStream implements AsyncDisposable {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Events in the order of arrival, without the server's own (hello, heartbeat, gap). */
  readonly events: EventSourceMessage[] = []
  readonly gaps: EventSourceMessage[] = []
  heartbeats = 0
  retryMs: number | undefined
  hello: z.output<typeof helloData> | undefined
  /** Where the stream starts, or where the last gap or heartbeat or event has led it; empty without a log. */
  position = ''
  /** Everything that came, as it came. Kept only when asked for. */
  text = ''
  ending: Ending | undefined
  readonly #request: ClientRequest

  private constructor(outgoing: ClientRequest, response: IncomingMessage, keepText: boolean) {
    this.#request = outgoing
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    open.add(this)
    const openedAt = Date.now()
    const parser = createParser({
      onEvent: event => this.#take(event),
      onRetry: ms => (this.retryMs = ms),
    })
    const body = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response
    body.setEncoding('utf8')
    body.on('data', (text: string) => {
      if (keepText) this.text += text
      parser.feed(text)
    })
    for (const stream of [response, body]) stream.on('error', () => undefined) // 'close' says it
    response.on('close', () => {
      open.delete(this)
      this.ending = { how: response.complete ? 'end' : 'cut', openMs: Date.now() - openedAt }
    })
  }

  /** Resolves when the headers are there, and rejects if they are not in time: without `withinMs` it waits for them for ever. */
  static async open(
    url: string,
    options: { headers?: Record<string, string>; keepText?: boolean; withinMs?: number; body?: string } = {},
  ): Promise<TestStream> {
    const { headers = {}, keepText = false, withinMs, body } = options
    return await new Promise((resolve, reject) => {
      // Its own connection for each stream, as each browser has its own.
      const outgoing = request(url, { agent: false, headers: { accept: 'text/event-stream', ...headers } })
      const late = () => outgoing.destroy(new Error(`no headers of ${url} within ${withinMs} ms`))
      const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs)
      outgoing.on('response', response => resolve(new TestStream(outgoing, response, keepText)))
      outgoing.on('error', reject)
      for (const over of ['response', 'error']) outgoing.on(over, () => clearTimeout(timer))
      outgoing.end(body)
    })
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

  /** Resolves when the stream has said hello, with what it said. */
  async greeted(withinMs = 5000): Promise<z.output<typeof helloData>> {
    return await until('hello', withinMs, () => this.hello)
  }

  /** The first event that fits, whether it has come already or comes in time. */
  async next(
    fits: (event: EventSourceMessage) => boolean,
    { withinMs }: { withinMs: number },
  ): Promise<EventSourceMessage> {
    try {
      return await until('the event', withinMs, () => this.events.find(fits))
    } catch {
      const seen = this.events.map(event => event.id).slice(-5)
      throw new Error(
        `no such event within ${withinMs} ms; ${this.events.length} came, the last: ${seen.join(', ') || 'none'}`,
      )
    }
  }

  /** How the stream ended. Fails if it has not by then. */
  async ended(withinMs: number): Promise<Ending> {
    return await until('the end of the stream', withinMs, () => this.ending)
  }

  close(): void {
    this.#request.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #take(event: EventSourceMessage): void {
    if (event.id !== undefined) this.position = event.id
    if (event.event === 'hello') this.hello = helloData.parse(JSON.parse(event.data))
    else if (event.event === 'heartbeat') this.heartbeats += 1
    else if (event.event === 'gap') this.gaps.push(event)
    else this.events.push(event)
  }
}
