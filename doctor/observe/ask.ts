import { request as requestHttp1, type IncomingMessage } from 'node:http'
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import type { Failure } from '../observations.ts'
import { failureOf } from './failure.ts'

/** A request as it is sent. Header names in lower case. */
export type Question = {
  url: URL
  method: string
  headers: Record<string, string>
  body: string | undefined
  /** Certificates in PEM that are trusted beside the system's. */
  ca: string | undefined
}

/** What is told of its answer, in this order. Exactly one of `failed` and `over` comes last. */
export type Listener = {
  connected: (protocol: 'http/1.1' | 'h2') => void
  headers: (status: number, headers: Record<string, string>) => void
  bytes: (bytes: Buffer) => void
  over: (how: 'clean' | 'cut') => void
  /** Nothing of an answer came, or it was no HTTP. */
  failed: (failure: Failure) => void
}

const connectMsMax = 5000

/**
 * Sends one request over a connection of its own, by HTTP/2 where the server picks it (ALPN). Answers what closes it; then
 * nothing more is told.
 */
export function ask(question: Question, listener: Listener): () => void {
  const told = onceOnly(listener)
  const socket = open(question)
  const timer = setTimeout(() => {
    told.failed({ kind: 'unreachable', text: `no connection within ${connectMsMax} ms` })
    socket.destroy()
  }, connectMsMax)
  socket.on('error', error => told.failed(failureOf(error)))
  socket.once('close', () => {
    clearTimeout(timer)
    // A body that only the connection's end delimits is whole: its reader says so first.
    setTimeout(() => told.failed({ kind: 'reset', text: 'the connection was closed before an answer' }), 20)
  })
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer)
    const h2 = socket instanceof TLSSocket && socket.alpnProtocol === 'h2'
    told.connected(h2 ? 'h2' : 'http/1.1')
    if (h2) sendHttp2(question, socket, told)
    else sendHttp1(question, socket, told)
  })
  return () => {
    told.silence()
    clearTimeout(timer)
    socket.destroy()
  }
}

function open({ url, ca }: Question): Socket | TLSSocket {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (url.protocol !== 'https:') return connectTcp({ host, port, noDelay: true })
  const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  return connectTls({
    host,
    port,
    ...named,
    ...(ca === undefined ? {} : { ca }),
    ALPNProtocols: ['h2', 'http/1.1'],
  }).setNoDelay(true)
}

function sendHttp1({ url, method, headers, body }: Question, socket: Socket, told: Told): void {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const request = requestHttp1({
    createConnection: () => socket,
    method,
    path: url.pathname + url.search,
    headers: { host: url.host, ...headers, ...length },
  })
  request.on('error', error => told.failed(failureOf(error)))
  request.on('response', (answer: IncomingMessage) => {
    told.headers(answer.statusCode ?? 0, flat(answer.headers))
    answer.on('data', told.bytes)
    answer.on('error', () => told.over('cut'))
    answer.on('close', () => told.over(answer.complete ? 'clean' : 'cut'))
  })
  request.end(body)
}

function sendHttp2({ url, method, headers, body }: Question, socket: TLSSocket, told: Told): void {
  const session = connectHttp2(url.origin, { createConnection: () => socket })
  session.on('error', error => told.failed(failureOf(error)))
  const own = Object.entries(headers).filter(([name]) => !['host', 'connection'].includes(name))
  const stream = session.request(
    {
      ':method': method,
      ':path': url.pathname + url.search,
      ':authority': headers.host ?? url.host,
      ...Object.fromEntries(own),
    },
    { endStream: body === undefined },
  )
  let clean = false
  stream.on('response', answer => told.headers(answer[':status'] ?? 0, flat(answer)))
  stream.on('data', told.bytes)
  stream.on('end', () => (clean = !stream.aborted && stream.rstCode === 0))
  stream.on('error', error => told.failed(failureOf(error)))
  stream.on('close', () => told.over(clean ? 'clean' : 'cut'))
  if (body !== undefined) stream.end(body)
}

type Told = Listener & { silence: () => void }

/** After the answer's head an error is the stream's cut; before it, it is a failure. Either is told once. */
function onceOnly(listener: Listener): Told {
  let state: 'waiting' | 'open' | 'over' = 'waiting'
  const over = (how: 'clean' | 'cut') => {
    if (state !== 'open') return
    state = 'over'
    listener.over(how)
  }
  return {
    connected: listener.connected,
    headers: (status, headers) => {
      if (state !== 'waiting') return
      state = 'open'
      listener.headers(status, headers)
    },
    bytes: bytes => {
      if (state === 'open') listener.bytes(bytes)
    },
    over,
    failed: failure => {
      if (state === 'open') return over('cut')
      if (state === 'over') return
      state = 'over'
      listener.failed(failure)
    },
    silence: () => (state = 'over'),
  }
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  const named = Object.entries(headers).filter(([name]) => !name.startsWith(':'))
  return Object.fromEntries(
    named.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
}
