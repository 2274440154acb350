import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { Model } from './model.ts'
import type { ModelEvent } from './model-publish.ts'

/** A server that is wrong in one step, and the cases that must see it. */
export type Wrong = {
  name: string
  Server: new () => Model
  fails: string[]
  /** Those of `fails` that follow from no other. Left out: that is not looked at. */
  causes?: string[]
  /** Others fail as well, because they wait for what never comes or comes late. Left out: no other case does. */
  andMore?: true
}

export const wrongStreams: Wrong[] = [
  {
    name: 'splits data at LF alone',
    Server: class extends Model {
      override split(data: string) {
        return data.split('\n')
      }
    },
    fails: ['framing/cr', 'framing/mixed-breaks', 'framing/forged-event', 'framing/fields'],
  },
  {
    name: 'splits data at every kind of break, CRLF as two',
    Server: class extends Model {
      override split(data: string) {
        return data.split(/[\r\n]/)
      }
    },
    fails: ['framing/crlf', 'framing/mixed-breaks', 'framing/forged-event', 'framing/one-block'],
  },
  {
    name: 'splits data at what its language calls a line break',
    Server: class extends Model {
      override split(data: string) {
        return data.split(/\r\n|[\r\n\u0085\u2028\u2029]/)
      }
    },
    fails: ['framing/unicode'],
  },
  {
    name: 'writes data as one field, whatever is in it',
    Server: class extends Model {
      override dataLines(data: string) {
        return `data: ${data}\n`
      }
    },
    fails: [
      'framing/lf',
      'framing/cr',
      'framing/crlf',
      'framing/mixed-breaks',
      'framing/blank-line',
      'framing/trailing-break',
      'framing/leading-break',
      'framing/forged-fields',
      'framing/forged-event',
      'framing/many-lines',
      'framing/fields',
      'framing/one-block',
      'http/one-chunk',
    ],
    causes: ['framing/lf'],
  },
  {
    name: 'writes no space behind the colon',
    Server: class extends Model {
      override dataLines(data: string) {
        return this.split(data)
          .map(line => `data:${line}\n`)
          .join('')
      }
    },
    fails: ['framing/leading-space', 'framing/trailing-space'],
  },
  {
    name: 'trims each line',
    Server: class extends Model {
      override split(data: string) {
        return super.split(data).map(line => line.trim())
      }
    },
    fails: ['framing/leading-space', 'framing/trailing-space', 'framing/bom'],
  },
  {
    name: 'leaves out empty lines',
    Server: class extends Model {
      override split(data: string) {
        return super.split(data).filter(line => line !== '')
      }
    },
    fails: [
      'framing/mixed-breaks',
      'framing/blank-line',
      'framing/trailing-break',
      'framing/leading-break',
      'framing/empty',
      'framing/forged-event',
      'framing/fields',
      'framing/one-block',
    ],
  },
  {
    name: 'cuts long lines',
    Server: class extends Model {
      override split(data: string) {
        return super.split(data).map(line => line.slice(0, 16_384))
      }
    },
    fails: ['framing/long-line'],
  },
  {
    name: 'ends data at NUL',
    Server: class extends Model {
      override split(data: string) {
        return super.split(data.split('\0')[0] ?? '')
      }
    },
    fails: ['framing/nul'],
  },
  {
    name: 'loses a BOM',
    Server: class extends Model {
      override split(data: string) {
        return super.split(data.replace(/^\uFEFF/, ''))
      }
    },
    fails: ['framing/bom'],
  },
  {
    name: 'begins each event with a BOM',
    Server: class extends Model {
      override frame(event: ModelEvent) {
        return `\uFEFF${super.frame(event)}`
      }
    },
    fails: [
      'framing/fields',
      'ids/every-event',
      'ids/acknowledged',
      'ids/unique',
      'ids/same-for-all',
      'ids/grow',
      'publish/only-after',
    ],
  },
  {
    name: 'writes Latin-1',
    Server: class extends Model {
      override write(response: ServerResponse, text: string) {
        response.write(Buffer.from(text, 'latin1'))
      }
    },
    fails: [
      'framing/unicode',
      'framing/bom',
      'framing/long-unicode',
      'framing/fields',
      'framing/type',
      'framing/json',
      'reading/dribbled-publish',
      'reading/byte-by-byte',
      'publish/charset',
    ],
  },
  {
    name: 'quotes strings as JSON',
    Server: class extends Model {
      override append(draft: Omit<ModelEvent, 'id'>) {
        return super.append({ ...draft, data: JSON.stringify(draft.data) })
      }
    },
    fails: ['framing/string-is-bare'],
  },
  {
    name: 'leaves out the type',
    Server: class extends Model {
      override typeLine() {
        return ''
      }
    },
    fails: ['framing/one-block', 'framing/type'],
  },
  {
    name: 'calls every event without a type "update"',
    Server: class extends Model {
      override typeLine({ type = 'update' }: ModelEvent) {
        return `event: ${type}\n`
      }
    },
    fails: ['framing/default-type', 'replay/gap-before-events'],
  },
  {
    name: 'misspells a field',
    Server: class extends Model {
      override typeLine({ type }: ModelEvent) {
        return type === undefined ? '' : `type: ${type}\n`
      }
    },
    fails: ['framing/fields', 'framing/one-block', 'framing/type'],
  },
  {
    name: 'ends an event with one line break',
    Server: class extends Model {
      override frame(event: ModelEvent) {
        return super.frame(event).slice(0, -1)
      }
    },
    fails: ['framing/lf', 'http/whole', 'framing/unfinished'],
    andMore: true,
  },
  {
    name: 'holds back the tail of an event until the next one',
    Server: class extends Model {
      readonly #tails = new Map<ServerResponse, string>()
      override write(response: ServerResponse, text: string) {
        const all = (this.#tails.get(response) ?? '') + text
        const held = text.startsWith('retry') ? 0 : 1
        this.#tails.set(response, held === 0 ? '' : all.slice(-held))
        response.write(held === 0 ? all : all.slice(0, -held))
      }
    },
    fails: ['http/whole', 'framing/lf'],
    andMore: true,
  },
  {
    name: 'writes each line in a chunk of its own',
    Server: class extends Model {
      override write(response: ServerResponse, text: string) {
        for (const line of text.split(/(?<=\n)/)) response.write(line)
      }
    },
    fails: ['hello/one-piece', 'http/one-chunk'],
  },
  {
    name: 'says hello late',
    Server: class extends Model {
      override async greet(response: ServerResponse, first: string) {
        response.writeHead(200, this.headers()).flushHeaders()
        response.cork()
        response.write(first)
        setTimeout(() => response.uncork(), 2700)
      }
    },
    fails: ['hello/at-once', 'http/whole'],
    andMore: true,
  },
  {
    name: 'sends its headers late',
    Server: class extends Model {
      override async open(request: IncomingMessage, response: ServerResponse, url: URL) {
        await pause(2700)
        await super.open(request, response, url)
      }
    },
    fails: ['headers/at-once', 'hello/at-once'],
    andMore: true,
  },
  {
    name: 'hears of new streams a moment after their hello',
    Server: class extends Model {
      override async greet(response: ServerResponse, first: string) {
        await super.greet(response, first)
        await pause(400)
      }
    },
    fails: ['reading/from-the-first-moment'],
    andMore: true,
  },
  {
    name: 'sends retry in a block of its own',
    Server: class extends Model {
      override helloText(retryMs: number, position: string) {
        return super.helloText(retryMs, position).replace('\n', '\n\n')
      }
    },
    fails: ['hello/first-block', 'retry/lone'],
  },
  {
    name: 'says retry in seconds, with a unit',
    Server: class extends Model {
      override helloText(_retryMs: number, position: string) {
        return super.helloText(3, position).replace('retry: 3', 'retry: 3s')
      }
    },
    fails: ['framing/fields', 'retry/digits', 'retry/spread'],
  },
  {
    name: 'tells every stream the same time to come back',
    Server: class extends Model {
      override helloText(_retryMs: number, position: string) {
        return super.helloText(3000, position)
      }
    },
    fails: ['retry/spread'],
  },
  {
    name: 'ends quiet streams',
    Server: class extends Model {
      override async greet(response: ServerResponse, first: string) {
        await super.greet(response, first)
        const idle = setTimeout(() => response.end(), 250)
        response.once('close', () => clearTimeout(idle))
        const write = response.write.bind(response)
        response.write = (text: string) => {
          if (!text.includes('heartbeat')) idle.refresh()
          return write(text)
        }
      }
    },
    fails: ['hello/quiet'],
    andMore: true,
  },
  {
    name: 'sends heartbeats as comments',
    Server: class extends Model {
      override heartbeatText() {
        return ':\n\n'
      }
    },
    fails: ['heartbeat/comes', 'heartbeat/empty', 'heartbeat/id'],
  },
  {
    name: 'sends heartbeats without a data line',
    Server: class extends Model {
      override heartbeatText() {
        return super.heartbeatText().replace('data:\n', '')
      }
    },
    fails: ['framing/fields', 'heartbeat/comes', 'heartbeat/empty', 'heartbeat/id'],
  },
  {
    name: 'sends every event twice',
    Server: class extends Model {
      override deliver(event: ModelEvent) {
        super.deliver(event)
        super.deliver(event)
      }
    },
    fails: ['framing/one-block', 'ids/unique', 'reading/many'],
    andMore: true,
  },
  {
    name: 'delivers to every other stream, as one of two workers that do not hear each other',
    Server: class extends Model {
      override deliver(event: ModelEvent) {
        for (const [n, { response, topics }] of [...this.streams].entries()) {
          if (n % 2 === 0 && topics.has(event.topic)) response.write(this.frame(event))
        }
      }
    },
    fails: ['ids/same-for-all', 'reading/every-worker', 'reading/many'],
    andMore: true,
  },
  {
    name: 'compresses for whoever takes gzip',
    Server: class extends Model {
      override async greet(response: ServerResponse, first: string) {
        const takes = response.req.headers['accept-encoding'] ?? ''
        if (!takes.includes('gzip')) return await super.greet(response, first)
        response.writeHead(200, { ...this.headers(), 'Content-Encoding': 'gzip' }).flushHeaders()
        const gzip = createGzip()
        gzip.pipe(response)
        gzip.write(first)
        return undefined
      }
    },
    fails: ['headers/no-gzip', 'delivery/own-events-encoded', 'http/whole-encoded'],
    causes: ['headers/no-gzip', 'delivery/own-events-encoded'],
  },
  ...headerFaults([
    [
      'calls the stream text/plain',
      { 'Content-Type': 'text/plain' },
      ['headers/content-type', 'headers/accept-any', 'headers/accept-other'],
    ],
    [
      'declares the stream as Latin-1',
      { 'Content-Type': 'text/event-stream; charset=iso-8859-1' },
      ['headers/content-type', 'headers/accept-other'],
    ],
    [
      'lets caches keep the stream',
      { 'Cache-Control': 'public, max-age=60' },
      ['headers/no-cache', 'headers/cache-control'],
    ],
    ['lets proxies transform the stream', { 'Cache-Control': 'no-cache' }, ['headers/cache-control']],
    ['lets nginx buffer the stream', { 'X-Accel-Buffering': 'yes' }, ['headers/accel-buffering']],
    ['gives the stream a length', { 'Content-Length': '1000000' }, ['headers/no-length']],
    [
      'says it is compressed when it is not',
      { 'Content-Encoding': 'identity' },
      ['headers/identity', 'headers/no-gzip'],
    ],
    ['sends chunks to HTTP/1.0', { 'Transfer-Encoding': 'chunked' }, ['http/one-zero']],
  ]),
  {
    name: 'answers without a Date',
    Server: class extends Model {
      override async route(request: IncomingMessage, response: ServerResponse) {
        response.sendDate = false
        await super.route(request, response)
      }
    },
    fails: ['headers/date'],
  },
  {
    name: 'answers HEAD with a stream',
    Server: class extends Model {
      override head(request: IncomingMessage, response: ServerResponse, url: URL) {
        void this.open(request, response, url)
      }
    },
    fails: ['methods/head', 'methods/head-body', 'methods/head-headers'],
    causes: ['methods/head'],
  },
  {
    name: 'answers HEAD as a page',
    Server: class extends Model {
      override head(_request: IncomingMessage, response: ServerResponse) {
        response.writeHead(200, { 'Content-Type': 'text/html', Connection: 'close' }).end()
      }
    },
    fails: ['methods/head-headers'],
  },
  {
    name: 'answers HEAD with a body',
    Server: class extends Model {
      override head(_request: IncomingMessage, response: ServerResponse) {
        const lines = Object.entries(this.headers()).map(([name, value]) => `${name}: ${value}\r\n`)
        response.socket?.end(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\nretry: 1\n`)
      }
    },
    fails: ['methods/head-body'],
  },
  {
    name: 'opens a stream for any method',
    Server: class extends Model {
      override otherMethod(request: IncomingMessage, response: ServerResponse, url: URL) {
        void this.open(request, response, url)
      }
    },
    fails: ['methods/put', 'methods/patch', 'methods/delete', 'methods/405-problem'],
  },
  {
    name: 'says 405 without Allow',
    Server: class extends Model {
      override otherMethod(_request: IncomingMessage, response: ServerResponse) {
        this.problem(response, 405, 'method-not-allowed')
      }
    },
    fails: ['methods/put', 'methods/patch', 'methods/delete', 'methods/405-problem'],
    causes: ['methods/put', 'methods/405-problem'],
  },
]

function headerFaults(all: [name: string, headers: Record<string, string>, fails: string[]][]): Wrong[] {
  return all.map(([name, headers, fails]) => ({
    name,
    Server: class extends Model {
      override headers() {
        return { ...super.headers(), ...headers }
      }
    },
    fails,
  }))
}
