import type { IncomingMessage, ServerResponse } from 'node:http'
import { createGzip } from 'node:zlib'
import { HoldsBody, HoldsStream } from './holders.ts'
import { Model } from './model.ts'
import type { Wrong } from './wrong-streams.ts'

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Two workers that take turns, the way that two hosts of one name do behind one address. */
function twoWorkers(rename: (data: string, pid: number) => string): Wrong['Server'] {
  return class extends Model {
    #count = 0
    override helloText(retryMs: number, position: string) {
      const pid = 1 + ((this.#count += 1) % 2)
      return rename(super.helloText(retryMs, position).replace('"pid":1', `"pid":${pid}`), pid)
    }
  }
}

/** Servers and proxies that are wrong about connections: what is refused early, what is held, who has left. */
export const wrongConnections: Wrong[] = [
  {
    name: 'leaves what is no request to its HTTP parser',
    Server: class extends Model {
      override refuseEarly(_error: Error, socket: ServerResponse['socket'] & object) {
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
      }
    },
    fails: ['http/long-url', 'http/long-header', 'http/no-http', 'http/unknown-coding'],
  },
  {
    name: 'answers what is no request with a page, as a proxy does',
    Server: class extends Model {
      override refuseEarly(_error: Error, socket: ServerResponse['socket'] & object) {
        const head = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/html'
        socket.end(`${head}\r\nContent-Length: 11\r\n\r\n<h1>No</h1>`)
      }
    },
    fails: ['http/long-url', 'http/long-header', 'http/no-http', 'http/unknown-coding'],
  },
  {
    name: 'calls two workers by one name',
    Server: twoWorkers(text => text),
    fails: ['hello/worker-names'],
  },
  {
    name: 'refuses a GET with a body',
    Server: class extends Model {
      override async open(request: IncomingMessage, response: ServerResponse, url: URL) {
        if (hasBody(request)) this.problem(response, 400, 'bad-request')
        else await super.open(request, response, url)
      }
    },
    fails: ['http/body-on-get', 'http/body-on-get-left'],
  },
  {
    name: 'does not see a client leave that sent a body',
    Server: class extends Model {
      #never = 0
      override readAway(request: IncomingMessage) {
        if (hasBody(request)) this.#never += 1
        super.readAway(request)
      }
      override connections() {
        return Math.max(super.connections(), this.#never)
      }
    },
    fails: ['http/body-on-get-left'],
  },
  {
    name: 'fails where a stream is asked for behind another request',
    Server: class extends Model {
      override async open(request: IncomingMessage, response: ServerResponse, url: URL) {
        if (response.socket === null) response.writeHead(500).end()
        else await super.open(request, response, url)
      }
    },
    fails: ['http/stream-behind-call'],
  },
  {
    name: 'loses all its streams to requests behind one',
    Server: class extends Model {
      override async route(request: IncomingMessage, response: ServerResponse) {
        if (request.url === '/nothing-is-here' && response.socket === null) {
          for (const stream of this.streams) stream.response.destroy()
        }
        await super.route(request, response)
      }
    },
    fails: ['http/calls-behind-stream'],
    andMore: true,
  },
  {
    name: 'compresses without a flush for whoever takes gzip',
    Server: class extends Model {
      override async greet(response: ServerResponse, first: string) {
        const takes = response.req.headers['accept-encoding'] ?? ''
        if (!takes.includes('gzip')) return await super.greet(response, first)
        response.writeHead(200, { ...this.headers(), 'Content-Encoding': 'gzip' }).flushHeaders()
        const gzip = createGzip()
        const write = response.write.bind(response)
        gzip.on('data', bytes => response.writable && write(bytes))
        response.write = (text: string) => gzip.write(text)
        gzip.write(first)
        return undefined
      }
    },
    fails: ['headers/no-gzip', 'delivery/own-events-encoded', 'http/whole-encoded'],
    causes: ['headers/no-gzip', 'delivery/own-events-encoded'],
  },
  {
    name: 'stands behind a proxy that holds the whole stream until it ends',
    Server: HoldsStream,
    fails: [
      'headers/at-once',
      'hello/at-once',
      'http/whole',
      'framing/lf',
      'reading/in-order',
      'cors/stream',
    ],
    andMore: true,
  },
  {
    name: 'stands behind a proxy that sends the head of a stream and holds the rest',
    Server: HoldsBody,
    fails: ['hello/at-once', 'http/whole', 'http/whole-encoded', 'framing/lf', 'reading/in-order'],
    andMore: true,
  },
  {
    name: 'stands behind an HAProxy that holds small writes for 200 ms',
    Server: class extends Model {
      override write(response: ServerResponse, text: string) {
        setTimeout(() => response.write(text), 200)
      }
    },
    fails: ['delivery/steady-delay'],
    andMore: true,
  },
  {
    name: 'stands behind an nginx that takes X-Accel-Buffering for itself',
    Server: class extends Model {
      override headers() {
        const { 'X-Accel-Buffering': _taken, ...others } = super.headers()
        return { ...others, Server: 'nginx' }
      }
    },
    fails: ['headers/accel-buffering'],
  },
]
