import { Answer } from './answer.ts'

/** Cuts the bytes of one connection into answers. Body bytes are handed on as they come, never held for their chunk. */
export class AnswerReader {
  readonly answers: Answer[] = []
  /** Status codes of the interim answers (1xx), which come before the real one. */
  readonly interim: number[] = []
  /** Methods of the requests that wait for an answer: a HEAD's answer has no body whatever its headers say. */
  readonly methods: string[] = []
  #rest: Buffer = Buffer.alloc(0)
  #step: 'head' | 'size' | 'body' | 'chunk-end' | 'trailer' = 'head'
  #left = 0
  readonly #onBody: (bytes: Buffer, answer: Answer) => void

  constructor(onBody: (bytes: Buffer, answer: Answer) => void = () => undefined) {
    this.#onBody = onBody
  }

  feed(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#rest.length > 0 && this.#advance());
  }

  /** The connection is over: an answer that only its end delimits is whole now. */
  finish(): void {
    const answer = this.#current
    if (answer?.framing === 'close') answer.complete = true
  }

  /** Bytes that came behind the last whole piece. */
  get leftover(): string {
    return this.#rest.toString()
  }

  get #current(): Answer | undefined {
    const last = this.answers.at(-1)
    return last?.complete === false ? last : undefined
  }

  // Takes one piece off the rest. Answers whether it could.
  #advance(): boolean {
    const answer = this.#current
    if (answer === undefined) return this.#readHead()
    switch (this.#step) {
      case 'size':
        return this.#readSize(answer)
      case 'chunk-end':
        return this.#readChunkEnd(answer)
      case 'trailer':
        return this.#readTrailer(answer)
      default:
        return this.#readBody(answer)
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end === -1) return false
    const head = this.#rest.subarray(0, end).toString('latin1')
    this.#rest = this.#rest.subarray(end + 4)
    const answer = new Answer(head, this.methods[0] ?? 'GET')
    if (answer.status > 0 && answer.status < 200) {
      this.interim.push(answer.status)
      return true
    }
    this.methods.shift()
    this.answers.push(answer)
    this.#left = answer.framing === 'close' ? Infinity : Number(answer.header('content-length') ?? 0)
    this.#step = answer.framing === 'chunked' ? 'size' : 'body'
    answer.complete = answer.framing === 'none' || (answer.framing === 'length' && this.#left === 0)
    return true
  }

  #readSize(answer: Answer): boolean {
    const line = this.#line()
    if (line === undefined) return false
    if (!/^[0-9A-Fa-f]+(?:[ \t]*;.*)?$/.test(line))
      answer.faults.push(`a chunk size like ${JSON.stringify(line)}`)
    this.#left = Number.parseInt(line, 16) || 0
    this.#step = this.#left === 0 ? 'trailer' : 'body'
    return true
  }

  #readBody(answer: Answer): boolean {
    const bytes = this.#rest.subarray(0, Math.min(this.#left, this.#rest.length))
    this.#rest = this.#rest.subarray(bytes.length)
    this.#left -= bytes.length
    answer.take(bytes)
    this.#onBody(bytes, answer)
    if (this.#left > 0) return true
    if (answer.framing === 'chunked') this.#step = 'chunk-end'
    else answer.complete = true
    return true
  }

  #readChunkEnd(answer: Answer): boolean {
    const line = this.#line()
    if (line === undefined) return false
    if (line !== '') answer.faults.push('a chunk that is longer than its size')
    answer.chunkEnds.push(answer.length)
    this.#step = 'size'
    return true
  }

  #readTrailer(answer: Answer): boolean {
    const line = this.#line()
    if (line === undefined) return false
    if (line === '') answer.complete = true
    return true
  }

  #line(): string | undefined {
    const end = this.#rest.indexOf('\r\n')
    if (end === -1) return undefined
    const line = this.#rest.subarray(0, end).toString('latin1')
    this.#rest = this.#rest.subarray(end + 2)
    return line
  }
}
