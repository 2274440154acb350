import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { json } from 'node:stream/consumers'
import { fields } from '../src/lab/fields.ts'
import type { PageFiles } from './page-files.ts'

/** How the next opening of a stream is answered; after the script is used up, all are `hello`. */
export type Opening = 'hello' | '503' | 'retry only' | 'not a stream' | 'silence'

export interface Publication {
  readonly topic: string
  readonly data: unknown
}

export interface PublishScript {
  readonly status: number
  readonly body: unknown
}

export interface Acknowledged extends PublishScript {
  readonly body: { readonly id: string; readonly topic: string; readonly worker: string }
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** The same as the server's. */
function pagePolicy(origins: readonly string[]): string {
  const names = origins.filter(origin => new URL(origin).hostname === 'localhost')
  const wildcards = names.map(origin => origin.replace('localhost', '*.localhost'))
  const connect = ["'self'", ...origins, ...wildcards].join(' ')
  return `default-src 'self'; connect-src ${connect}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`
}

/** What `GET /api/lab` says; `bus` is that of hello. */
export interface ScriptedLab {
  readonly lab: boolean
  readonly origins: string[]
  readonly report: boolean
  readonly brokenTimeoutMs?: number
  readonly restarts?: boolean
}

/** One opening of a stream, as the server saw it. */
export class Opened {
  /** The topic that others hear, too; the page's own beat has another. */
  readonly topic: string | null
  readonly topics: readonly string[]
  readonly queryId: string | null
  readonly headerId: string | undefined
  /** The name by which the browser came, with the port. */
  readonly host: string
  readonly atMs = performance.now()
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { searchParams } = new URL(request.url ?? '', 'http://any')
    const header = request.headers['last-event-id']
    this.topics = searchParams.getAll('topic')
    this.topic = this.topics.find(topic => !topic.startsWith('page/')) ?? null
    this.queryId = searchParams.get('lastEventID')
    this.headerId = typeof header === 'string' ? header : undefined
    this.host = request.headers.host ?? ''
    this.#response = response
  }

  get isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed
  }

  write(frame: string): void {
    this.#response.write(frame)
  }

  send(id: string, data: unknown): void {
    this.write(`id: ${id}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  }

  /** A network error for the browser: the response breaks off. */
  cut(): void {
    this.#response.destroy()
  }
}

/**
 * Plays the API and misbehaves on command. Only for what a healthy server cannot be made to do; what two tabs see of
 * the real one is tested against the real one.
 */
export class ScriptedServer {
  readonly #server: Server
  readonly #files: PageFiles
  readonly openings: Opened[] = []
  readonly requests: string[] = []
  readonly script: Opening[] = []
  hello = { worker: 'lab/0', instance: 0, pid: 27, bus: 'streams', heartbeatMs: 0 }
  helloId = ''
  retryMs = 50
  workers: unknown = { workers: [] }
  /** The status with which every stream is refused, for want of a token. Such a server is no lab. */
  refuses: 401 | 403 | undefined
  lab: ScriptedLab = { lab: false, origins: [], report: false }
  report: unknown = {}
  /** What `POST /api/lab/workers` was told. */
  readonly strikes: unknown[] = []
  /** Answers a POST; by default every stream of the topic gets the event. */
  publish: (event: Publication) => PublishScript | Promise<PublishScript> = event => this.deliver(event)
  #published = 0

  private constructor(files: PageFiles) {
    this.#files = files
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(error => {
        // A page that is closed while it sends is no fault.
        if (!response.destroyed) throw error
      })
    })
  }

  static async start(files: PageFiles): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(files)
    await new Promise<void>(listening => {
      scripted.#server.listen(0, '127.0.0.1', listening)
    })
    return scripted
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(closed => {
      this.#server.close(closed)
    })
  }

  get origin(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string')
      throw new Error('the scripted server does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  get open(): Opened[] {
    return this.openings.filter(opened => opened.isOpen)
  }

  nextId(): string {
    this.#published += 1
    return `${this.#published}-0`
  }

  deliver({ topic, data }: Publication): Acknowledged {
    const answer = this.acknowledge(topic)
    for (const opened of this.open) if (opened.topics.includes(topic)) opened.send(answer.body.id, data)
    return answer
  }

  acknowledge(topic: string, worker = this.hello.worker): Acknowledged {
    return { status: 202, body: { id: this.nextId(), topic, worker } }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://any')
    this.requests.push(`${request.method} ${pathname}`)
    // The page of the other side may call.
    response.setHeader('Access-Control-Allow-Origin', '*')
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'Access-Control-Allow-Headers': 'content-type' }).end()
      return
    }
    if (pathname === '/events' && request.method === 'POST') {
      const { status, body } = await this.publish(readPublication(await json(request)))
      const type = status < 400 ? 'application/json' : 'application/problem+json'
      response.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body))
    } else if (pathname === '/events' && this.refuses !== undefined) {
      response.writeHead(this.refuses, { 'Content-Type': 'application/problem+json' }).end()
    } else if (pathname === '/events') {
      this.#stream(request, response)
    } else if (pathname === '/api/lab' && this.refuses === undefined) {
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ bus: this.hello.bus, ...this.lab }))
    } else if (pathname === '/api/lab/scenarios') {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(this.report))
    } else if (pathname === '/api/lab/workers') {
      this.strikes.push(await json(request))
      response.writeHead(202, { 'Content-Type': 'application/json' }).end('{}')
    } else if (pathname === '/api/workers') {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(this.workers))
    } else {
      this.#file(pathname === '/' ? '/index.html' : pathname, response)
    }
  }

  #file(path: string, response: ServerResponse): void {
    const file = this.#files.get(path)
    response
      .writeHead(file === undefined ? 404 : 200, {
        'Content-Type': types[extname(path)] ?? 'text/plain',
        'Content-Security-Policy': pagePolicy(this.lab.origins),
      })
      .end(file ?? 'not found')
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    const opened = new Opened(request, response)
    this.openings.push(opened)
    const opening = this.script.shift() ?? 'hello'
    if (opening === 'silence') return
    if (opening === '503') {
      response.writeHead(503, { 'Content-Type': 'application/problem+json' }).end('{"title":"Draining"}')
      return
    }
    if (opening === 'not a stream') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>a captive portal</p>')
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    if (opening === 'retry only') {
      response.end(`retry: ${this.retryMs}\n`)
      return
    }
    const id = this.helloId === '' ? '' : `id: ${this.helloId}\n`
    opened.write(`retry: ${this.retryMs}\n${id}event: hello\ndata: ${JSON.stringify(this.hello)}\n\n`)
  }
}

function readPublication(body: unknown): Publication {
  const { topic, data } = fields(body)
  if (typeof topic !== 'string') throw new Error(`the page published no topic: ${JSON.stringify(body)}`)
  return { topic, data }
}
