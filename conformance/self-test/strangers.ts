import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { listen } from '@sse-lab/testkit/listen.ts'

/** A server that is none of the lab's: it says no hello, and has paths and bodies of its own. */
export type Stranger = { base: URL } & AsyncDisposable

export async function startStranger(listener: RequestListener): Promise<Stranger> {
  const server = createServer({ maxHeaderSize: 65_536 }, listener)
  const port = await listen(server)
  return {
    base: new URL(`http://127.0.0.1:${port}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

/** The streams of a server, by their topics. */
export class Streams {
  readonly #all = new Map<ServerResponse, string>()

  open(response: ServerResponse, topic = ''): void {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache',
      Connection: 'close',
    })
    response.flushHeaders()
    this.#all.set(response, topic)
    response.once('close', () => this.#all.delete(response))
  }

  send(data: string, { type = '', topic = '' }: { type?: string | undefined; topic?: string } = {}): void {
    const name = type === '' ? '' : `event: ${type}\n`
    const lines = data.split(/\r\n|\r|\n/).map(line => `data: ${line}\n`)
    for (const [response, of] of this.#all) if (of === topic) response.write(`${name}${lines.join('')}\n`)
  }
}

/** What is asked for in place of what: HEAD is over, and other methods are told which there are. */
export function refuse(response: ServerResponse, method = '', allow = 'GET'): void {
  if (method === 'HEAD') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }).end()
    return
  }
  response.writeHead(method === 'OPTIONS' ? 204 : 405, { Allow: allow }).end()
}
