const retryAfterMsMax = 10_000
// `0`, or a date by a clock that is behind, is no reason to knock without a break.
const retryAfterMsMin = 250

// Date.parse() takes nearly anything for a date.
function dateMs(value: string): number {
  return /^[A-Z][a-z]{2}, .* GMT$/.test(value) ? Date.parse(value) : NaN
}

/**
 * HTTP/1.x answers out of bytes, read strictly: what a lenient client forgives is noted in `faults`.
 * [rfc] = RFC 9112, https://www.rfc-editor.org/rfc/rfc9112
 */
export class Answer {
  readonly version: string
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** What tells where the body ends. */
  readonly framing: 'none' | 'chunked' | 'length' | 'close'
  readonly faults: string[] = []
  /** Where chunks end, as offsets in the body. */
  readonly chunkEnds: number[] = []
  readonly arrivedAt = Date.now()
  complete = false
  /** Bytes of body so far. */
  length = 0
  readonly #pieces: Buffer[] = []

  constructor(head: string, method: string) {
    const [statusLine = '', ...lines] = head.split('\r\n')
    const status = /^(?<version>HTTP\/1\.[01]) (?<status>[1-5]\d\d)(?: [^\r\n]*)?$/.exec(statusLine)?.groups
    if (status === undefined) this.faults.push(`a status line like ${JSON.stringify(statusLine)}`)
    this.version = status?.version ?? ''
    this.status = Number(status?.status ?? 0)
    this.headers = lines.map(line => this.#field(line))
    this.framing = this.#bodyFraming(method)
  }

  /** The value of a header, all of them joined, or undefined. */
  header(name: string): string | undefined {
    const values = this.headers.filter(([key]) => key === name.toLowerCase()).map(([, value]) => value)
    return values.length === 0 ? undefined : values.join(', ')
  }

  /**
   * How long a caller that a limit refused is to wait; undefined if none did, or the wait is too long. RFC 6585, 4, and
   * RFC 9110, 10.2.3: seconds, or a date. That a refused call had no effect is assumed.
   */
  get retryAfterMs(): number | undefined {
    const value = this.header('retry-after')
    if (this.status !== 429 || value === undefined) return undefined
    const ms = /^\d+$/.test(value) ? Number(value) * 1000 : dateMs(value) - Date.now()
    return ms <= retryAfterMsMax ? Math.max(ms, retryAfterMsMin) : undefined
  }

  take(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.length += bytes.length
  }

  get body(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  get text(): string {
    return this.body.toString()
  }

  #field(line: string): [string, string] {
    // [rfc] 5: no white space before the colon, no line that goes on in the next.
    const field = /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?<value>[^\0\r\n]*?)[ \t]*$/.exec(
      line,
    )?.groups
    if (field === undefined) this.faults.push(`a header line like ${JSON.stringify(line)}`)
    return [field?.name?.toLowerCase() ?? '', field?.value ?? '']
  }

  // [rfc] 6.3, in its order.
  #bodyFraming(method: string): Answer['framing'] {
    if (method === 'HEAD' || this.status < 200 || this.status === 204 || this.status === 304) return 'none'
    const length = this.header('content-length')
    if (this.header('transfer-encoding') !== undefined) {
      if (length !== undefined) this.faults.push('Transfer-Encoding and Content-Length together')
      return 'chunked'
    }
    if (length === undefined) return 'close'
    if (!/^\d+$/.test(length)) this.faults.push(`Content-Length ${length}`)
    return 'length'
  }
}
