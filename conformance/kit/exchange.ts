import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Answer } from './answer.ts'
import { AnswerReader } from './answer-reader.ts'
import { Failure } from './expect.ts'
import { Wire, type WireOptions } from './wire.ts'

export type RequestParts = {
  method?: string
  path: string
  version?: '1.0' | '1.1'
  /** A value of undefined takes a header out that would be there otherwise. */
  headers?: Headers
  body?: string | Buffer
}
export type Headers = Readonly<Record<string, string | undefined>>
export type ExchangeOptions = WireOptions & {
  /** Further headers of every request. */
  always?: Headers
  onBody?: (bytes: Buffer, answer: Answer) => void
}

/** The bytes of a request, with the headers that every request needs. */
function requestBytes(
  base: URL,
  { method = 'GET', path, version = '1.1', headers = {}, body }: RequestParts,
  always: Headers = {},
): Buffer {
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  // By their names in any case: what the request says itself wins, then what every request says.
  const all = new Map<string, readonly [name: string, value: string | undefined]>()
  for (const some of [{ Host: base.host, Connection: 'close', ...length }, always, headers]) {
    for (const [name, value] of Object.entries(some)) all.set(name.toLowerCase(), [name, value])
  }
  const lines = [...all.values()].flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  )
  const head = Buffer.from(`${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n`)
  return Buffer.concat([head, Buffer.from(body ?? '')])
}

/** The same as text. */
export function requestText(base: URL, parts: RequestParts, always: Headers = {}): string {
  return requestBytes(base, parts, always).toString()
}

/** The server ended the connection without an answer: to some requests that is one. */
export class Closed extends Failure {
  override readonly name = 'Closed'

  constructor() {
    super('the connection ended without an answer')
  }
}

/** What to look for where a stream is silent that should speak. */
export const held = 'something on the way holds the stream back (proxy buffering; X-Accel-Buffering eaten)'

/** One connection, the requests on it and their answers. */
export class Exchange {
  readonly wire: Wire
  readonly #reader: AnswerReader
  readonly #base: URL
  readonly #withinMs: number
  readonly #always: Headers | undefined

  constructor(base: URL, withinMs: number, options: ExchangeOptions = {}) {
    this.#base = base
    this.#always = options.always
    this.#withinMs = withinMs
    this.#reader = new AnswerReader(options.onBody)
    this.wire = new Wire(base, bytes => this.#reader.feed(bytes), options)
  }

  send(parts: RequestParts): void {
    this.#reader.methods.push(parts.method ?? 'GET')
    this.wire.write(requestBytes(this.#base, parts, this.#always))
  }

  /** Sends requests at once, in one write: in one packet, as far as they fit. */
  sendTogether(all: readonly RequestParts[]): void {
    this.#reader.methods.push(...all.map(({ method = 'GET' }) => method))
    this.wire.write(Buffer.concat(all.map(parts => requestBytes(this.#base, parts, this.#always))))
  }

  /** Sends a request as it stands. `method` says how to read the answer. */
  sendText(text: string, method: string): void {
    this.#reader.methods.push(method)
    this.wire.write(text)
  }

  /** Sends a request in pieces, each in a packet of its own. */
  async dribble(text: string, method: string, pieceBytes: number): Promise<void> {
    this.#reader.methods.push(method)
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      this.wire.write(bytes.subarray(at, at + pieceBytes))
      await pause(1)
    }
  }

  /** Status codes of the interim answers (1xx) so far. */
  get interim(): readonly number[] {
    return this.#reader.interim
  }

  get answers(): readonly Answer[] {
    return this.#reader.answers
  }

  /** Bytes that belong to no answer yet. */
  get leftover(): string {
    return this.#reader.leftover
  }

  /** Waits for the server to end the connection. Answers how it did, or undefined if it has not by then. */
  async ended(): Promise<Wire['over']> {
    return await until('the end', this.#withinMs, () => this.wire.over).catch(() => undefined)
  }

  /** The status of the first interim answer, or of the first answer if that comes before. */
  async interimOrAnswer(): Promise<number> {
    return await until(
      'an answer of any kind',
      this.#withinMs,
      () => this.interim[0] ?? this.answers[0]?.status,
    )
  }

  /** The nth answer, as soon as its headers are there. */
  async head(n = 0): Promise<Answer> {
    const found = await until('an answer, or the end of the connection', this.#withinMs, () => {
      return this.#reader.answers[n] ?? (this.wire.over === undefined ? undefined : 'none')
    }).catch(() => 'late' as const)
    if (found === 'none') throw new Closed()
    if (found === 'late') throw new Failure(this.#silence(), 'held')
    return found
  }

  // Who reads "no answer" looks for a server that is down. Mostly it is there, and something holds its answer.
  #silence(): string {
    const within = `within ${this.#withinMs / 1000} s`
    if (!this.wire.connected) return `no connection ${within}`
    if (this.wire.received > 0)
      return `the server sent ${this.wire.received} bytes and no whole head ${within}`
    const silence = `the server took the connection and the request, and sent no byte of an answer ${within}`
    return this.#reader.methods[0] === 'GET' ? `${silence}: ${held}` : silence
  }

  /** The nth answer with its whole body. */
  async answer(n = 0): Promise<Answer> {
    const answer = await this.head(n)
    await until(`the end of the body of the ${answer.status}`, this.#withinMs, () => {
      if (this.wire.over !== undefined) this.#reader.finish()
      return answer.complete || this.wire.over !== undefined
    })
    if (!answer.complete) answer.faults.push('a body that ends too early')
    return answer
  }
}
