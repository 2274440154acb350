import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, rootCertificates } from 'node:tls'

export type WireOptions = {
  /** Takes that many bytes from the kernel at a time, as a slow client does. Left out: as many as there are. */
  readBytes?: number
  /** Certificates in PEM that are trusted beside Node's own. */
  ca?: string | undefined
}

/** One TCP connection to the server and every byte that comes. HTTP libraries hide what this kit is about. */
export class Wire {
  /** How the server ended it: with FIN, or with a reset. */
  over: 'end' | 'cut' | undefined
  /** Whether the server took the connection, and with https: proved who it is. */
  connected = false
  /** Why there is no connection, in the words of the system: "connect ECONNREFUSED 127.0.0.1:8080". */
  error: string | undefined
  /** Its code, like ECONNREFUSED. */
  errorCode: string | undefined
  readonly #socket: Socket
  // What TLS goes over; without TLS the same.
  readonly #tcp: Socket

  /** Calls `take` with bytes as they come. Nothing throws: an address that does not answer is a wire that is over. */
  constructor(base: URL, take: (bytes: Buffer) => void, options: WireOptions = {}) {
    const port = Number(base.port || (base.protocol === 'https:' ? 443 : 80))
    const host = base.hostname.replace(/^\[(.*)\]$/, '$1')
    const { readBytes, ca } = options
    if (base.protocol === 'https:') {
      // [rfc] 6066: an address in numbers is no name to ask for.
      const name = isIP(host) === 0 ? { servername: host } : {}
      const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] }
      this.#tcp = connect({ host, port })
      this.#socket = connectTls({ socket: this.#tcp, host, ...name, ...trusted, ALPNProtocols: ['http/1.1'] })
      this.#socket.on('data', take)
    } else if (readBytes === undefined) {
      this.#socket = this.#tcp = connect({ host, port })
      this.#socket.on('data', take)
    } else {
      const callback = (length: number, buffer: Uint8Array): boolean => {
        take(Buffer.from(buffer.subarray(0, length)))
        return true
      }
      this.#socket = this.#tcp = connect({
        host,
        port,
        onread: { buffer: Buffer.alloc(readBytes), callback },
      })
      this.#socket.resume()
    }
    // Without this, two small writes wait for each other: 40 ms that no case asked for.
    this.#socket.setNoDelay(true)
    const connected = base.protocol === 'https:' ? 'secureConnect' : 'connect'
    this.#socket.on(connected, () => (this.connected = true))
    this.#socket.on('end', () => (this.over = 'end'))
    for (const socket of new Set([this.#tcp, this.#socket]))
      socket.on('error', (error: NodeJS.ErrnoException) => {
        this.error ??= error.message
        this.errorCode ??= error.code
        this.over ??= 'cut'
      })
    this.#socket.on('close', () => (this.over ??= 'cut'))
  }

  /** How many bytes came so far. */
  get received(): number {
    return this.#socket.bytesRead
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  /** Stops reading: the kernel's buffers fill, and then the server's. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Leaves at once, with a reset if asked. */
  close(how: 'fin' | 'reset' = 'fin'): void {
    // TLS has no reset of its own.
    if (how === 'reset') this.#tcp.resetAndDestroy()
    else this.#socket.destroy()
  }
}
