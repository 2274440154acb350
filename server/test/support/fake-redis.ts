import { createServer, type Socket } from 'node:net'
import { listen } from '@sse-lab/testkit/listen.ts'

/** What a fake Redis answers to a command, as RESP; undefined for `+OK`. */
export type Answer = (words: string[]) => string | undefined

/** A server that speaks as much of Redis' protocol as it takes to connect, and answers as a test says. */
export class FakeRedis implements AsyncDisposable {
  readonly #server = createServer(socket => this.#serve(socket))
  readonly #sockets = new Set<Socket>()
  answer: Answer

  constructor(answer: Answer) {
    this.answer = answer
  }

  async listen(): Promise<number> {
    return await listen(this.#server)
  }

  /** Ends all connections: whoever comes back is answered anew. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.cut()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined)
    let left = ''
    socket.setEncoding('latin1').on('data', text => {
      left += String(text)
      for (;;) {
        const { words, length } = readCommand(left)
        if (words === undefined) return
        left = left.slice(length)
        socket.write(this.answer(words) ?? '+OK\r\n')
      }
    })
  }
}

// Clients send an array of texts, each behind its length.
function readCommand(text: string): { words?: string[]; length: number } {
  const head = /^\*(\d+)\r\n/.exec(text)
  if (head === null) return { length: 0 }
  let at = head[0].length
  const words: string[] = []
  while (words.length < Number(head[1])) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at))
    if (size === null) return { length: 0 }
    const from = at + size[0].length
    at = from + Number(size[1]) + 2
    if (text.length < at) return { length: 0 }
    words.push(text.slice(from, at - 2))
  }
  return { words, length: at }
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}
