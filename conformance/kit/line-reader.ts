/**
 * An event stream read line by line, as strictly as the standard is written. It is independent of the parser that the
 * kit uses as its oracle: what both agree on is right, and what only a lenient client forgives is a violation here.
 * [spec] = WHATWG HTML, 9.2.5 and 9.2.6, https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export type Block = {
  /** Field lines in their order, as name and value. */
  fields: (readonly [name: string, value: string])[]
  /** Where its first field begins in the stream, in bytes. Comments before it are not of the block. */
  startsAt: number
  /** Where it ends, blank line included. */
  endsAt: number
}

export type ReadEvent = { type: string; data: string; lastId: string }

const cr = 13
const lf = 10
const names = new Set(['data', 'event', 'id', 'retry'])

export class LineReader {
  readonly blocks: Block[] = []
  readonly events: ReadEvent[] = []
  readonly comments: string[] = []
  readonly violations: string[] = []
  #line: number[] = []
  #afterCr = false
  #lines = 0
  #bytes = 0
  #lineAt = 0
  #blockAt = 0
  #fields: Block['fields'] = []
  #lastId = ''

  feed(bytes: Buffer): void {
    for (const byte of bytes) {
      this.#bytes += 1
      // [spec] CR, LF and CRLF each end a line: the LF of a CRLF ends nothing more.
      const ends = byte === cr || (byte === lf && !this.#afterCr)
      if (byte === lf && this.#afterCr && this.blocks.length > 0) this.#extend()
      this.#afterCr = byte === cr
      if (this.#line.length === 0) this.#lineAt = this.#bytes - 1
      if (ends) this.#endLine()
      else if (byte !== lf) this.#line.push(byte)
    }
  }

  /** What is left at the end of a stream is discarded by a browser. Answers what that was. */
  get unfinished(): string {
    const fields = this.#fields.map(([name, value]) => `${name}: ${value}`)
    return [...fields, Buffer.from(this.#line).toString()].filter(Boolean).join('\n')
  }

  #extend(): void {
    const last = this.blocks.at(-1)
    if (last?.endsAt === this.#bytes - 1) last.endsAt = this.#bytes
  }

  #endLine(): void {
    const line = this.#decode(Buffer.from(this.#line))
    this.#line = []
    this.#lines += 1
    if (line === '') this.#endBlock()
    else if (line.startsWith(':')) this.comments.push(line.slice(1))
    else this.#takeField(line)
  }

  #decode(bytes: Buffer): string {
    // [spec] One BOM at the very start is no part of the stream.
    const start = this.#lines === 0 && bytes.subarray(0, 3).equals(Buffer.from('\uFEFF')) ? 3 : 0
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start))
    } catch {
      this.#violation(`bytes that are not UTF-8: ${bytes.toString('latin1').slice(0, 60)}`)
      return bytes.toString()
    }
  }

  #takeField(line: string): void {
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    // [spec] One space after the colon goes, and only one.
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name.startsWith('\uFEFF')) this.#violation('a BOM in the middle, which hides the field behind it')
    else if (!names.has(name)) this.#violation(`a field that nobody knows: ${line.slice(0, 60)}`)
    if (name === 'id' && value.includes('\0')) this.#violation('an id with NUL, which browsers ignore')
    if (name === 'retry' && !/^[0-9]+$/.test(value)) this.#violation(`a retry that is no number: ${value}`)
    if (this.#fields.length === 0) this.#blockAt = this.#lineAt
    this.#fields.push([name, value])
  }

  #endBlock(): void {
    const fields = this.#fields
    this.#fields = []
    if (fields.length === 0) return
    this.blocks.push({ fields, startsAt: this.#blockAt, endsAt: this.#bytes })
    const valuesOf = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value]) => value)
    const ids = valuesOf('id').filter(id => !id.includes('\0'))
    this.#lastId = ids.at(-1) ?? this.#lastId
    const data = valuesOf('data')
    const types = valuesOf('event')
    if (data.length > 0) {
      this.events.push({ type: types.at(-1) || 'message', data: data.join('\n'), lastId: this.#lastId })
    } else if (types.length > 0) {
      this.#violation(`an event without data, which is never dispatched: ${types.join(', ')}`)
    }
  }

  #violation(what: string): void {
    this.violations.push(`line ${this.#lines}: ${what}`)
  }
}
