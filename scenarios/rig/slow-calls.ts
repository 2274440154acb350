import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Ways of never finishing a call: a head that trickles in, a body that stalls after a byte, a body that trickles in. */
export type SlowCalls = { heads: number; stalled: number; trickling: number }

const begun = {
  heads: 'POST / HTTP/1.1\r\nHost: lab\r\nX-Slow: ',
  body: 'POST / HTTP/1.1\r\nHost: lab\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{',
}

/** Calls that were begun and will not be finished. The first answer closes each, as it would a client that means well. */
export class SlowCallers implements Disposable {
  readonly #sockets: Record<keyof SlowCalls, Socket[]> = { heads: [], stalled: [], trickling: [] }
  readonly #timer: NodeJS.Timeout

  private constructor(byteMs: number) {
    this.#timer = setInterval(() => {
      for (const socket of [...this.#sockets.heads, ...this.#sockets.trickling])
        if (socket.writable) socket.write(' ')
    }, byteMs)
  }

  /** Begins the calls, one after the other. Each that trickles sends another byte every `byteMs`. */
  static async begin(host: string, calls: SlowCalls, byteMs: number): Promise<SlowCallers> {
    const callers = new SlowCallers(byteMs)
    // With few connections left, nginx gives up those of which it has not read a byte yet. They try again while that helps.
    for (let before = -1; before < callers.heldCount;) {
      before = callers.heldCount
      for (const kind of ['stalled', 'trickling', 'heads'] as const)
        for (let missing = calls[kind] - callers.held[kind]; missing > 0; missing -= 1) {
          callers.#begin(host, kind)
          await pause(2)
        }
      await pause(50)
    }
    return callers
  }

  #begin(host: string, kind: keyof SlowCalls): void {
    const socket = connect(80, host)
    // One that is refused is closed, which is counted.
    socket.on('error', () => undefined)
    socket.on('data', () => socket.destroy())
    socket.write(kind === 'heads' ? begun.heads : begun.body)
    this.#sockets[kind].push(socket)
  }

  /** How many hold a connection now. */
  get held(): SlowCalls {
    const { heads, stalled, trickling } = this.#sockets
    return { heads: openOf(heads), stalled: openOf(stalled), trickling: openOf(trickling) }
  }

  /** All of them. */
  get heldCount(): number {
    const { heads, stalled, trickling } = this.held
    return heads + stalled + trickling
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const socket of Object.values(this.#sockets).flat()) socket.destroy()
  }
}

function openOf(sockets: readonly Socket[]): number {
  return sockets.filter(({ readyState }) => readyState === 'open').length
}
