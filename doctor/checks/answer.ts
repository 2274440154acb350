import { time } from '../figures.ts'
import { server, streamsOf, unknown } from '../layers.ts'
import type { Observations, Recording } from '../observations.ts'
import { notSeen, ok, type Check, type Finding } from './check.ts'

/** The answer that clients get, as far as there is one. */
function first(seen: Observations): Recording | undefined {
  return streamsOf(seen, 'through', 'plain').find(({ headersAtMs }) => headersAtMs !== undefined)
}

function layerOf(seen: Observations): string {
  return seen.direct === undefined ? unknown(seen) : server(seen)
}

export const reach: Check = seen => {
  const check = 'reach'
  const stream = first(seen)
  if (stream === undefined) return [notSeen(check, 'a server listens, and sends no headers')]
  const { status, protocol, connectedAtMs = 0, openedAtMs } = stream
  const names = [seen.named.through, seen.named.direct].filter(name => name !== undefined)
  const who = names.length === 0 ? 'nobody on the way says its name' : [...new Set(names)].join(', then ')
  return [
    ok(
      check,
      `${status ?? ''} over ${protocol ?? ''}`,
      `connected after ${time(connectedAtMs - openedAtMs)}; ${who}`,
    ),
  ]
}

export const contentType: Check = seen => {
  const check = 'content type'
  const stream = first(seen)
  if (stream === undefined) return [notSeen(check, 'no answer came')]
  const type = stream.headers['content-type'] ?? ''
  if (/^text\/event-stream\s*(;|$)/i.test(type)) return [ok(check, type)]
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: layerOf(seen),
      cause: 'the content type is not text/event-stream: EventSource gives up for good',
      fix: 'Content-Type: text/event-stream',
      evidence: type === '' ? 'there is none' : `it is ${type}`,
    },
  ]
}

export const caching: Check = seen => {
  const check = 'caching'
  const stream = first(seen)
  if (stream === undefined) return [notSeen(check, 'no answer came')]
  const said = stream.headers['cache-control'] ?? ''
  if (/no-store|no-cache|private/i.test(said) || seen.method !== 'GET')
    return [ok(check, `Cache-Control: ${said}`)]
  const finding: Finding = {
    check,
    verdict: 'RISK',
    layer: layerOf(seen),
    cause: 'caches on the way may keep the stream, and answer the next client with an old one',
    fix: 'Cache-Control: no-cache, no-transform',
    evidence: said === '' ? 'there is no Cache-Control' : `Cache-Control: ${said}`,
  }
  return [finding]
}

export const connections: Check = seen => {
  const check = 'connections'
  const stream = first(seen)
  if (stream?.protocol === 'h2') return [ok(check, 'HTTP/2: many streams on one connection')]
  if (stream === undefined || !seen.url.startsWith('https:')) {
    return [notSeen(check, 'without TLS browsers speak HTTP/1.1, and open six connections to a host')]
  }
  return [
    {
      check,
      verdict: 'RISK',
      layer: unknown(seen),
      cause: 'HTTP/1.1 only: in a browser the seventh stream to this host waits for ever, over all its tabs',
      fix: 'HTTP/2 where TLS ends (nginx: http2 on;)',
      evidence: 'offered h2 and http/1.1 by ALPN, http/1.1 was taken',
    },
  ]
}

export const cors: Check = seen => {
  const check = 'CORS'
  if (seen.cors === undefined) return [notSeen(check, '--origin is not given')]
  const { origin, allowed } = seen.cors
  if (origin === new URL(seen.url).origin) return [ok(check, 'a page of the same origin needs none')]
  if (allowed === '*' || allowed === origin) return [ok(check, `Access-Control-Allow-Origin: ${allowed}`)]
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: layerOf(seen),
      cause: `a page of ${origin} may not read the stream: EventSource gives up for good`,
      fix: `Access-Control-Allow-Origin: ${origin}`,
      evidence: allowed === undefined ? 'there is no such header' : `it is ${allowed}`,
    },
  ]
}
