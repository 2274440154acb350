import type { OutgoingHttpHeaders } from 'node:http'

/** Headers of every answer of `text/event-stream`, also of the one that says only "later". */
export const streamHeaders = {
  'Content-Type': 'text/event-stream',
  // no-transform keeps compression out: a compressor holds events back until its block is full.
  'Cache-Control': 'no-store, no-transform',
  // nginx: passes each event on at once, whatever proxy_buffering says.
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
  // The connection has no use after its stream, and a drain must not wait for it.
  Connection: 'close',
}

/**
 * The headers of a stream for a page of some origin: those of `allowed` may read it, with their cookies.
 *
 * The same as cors() sets. They go into writeHead, because setHeader would keep a copy for as long as the stream is open.
 */
export function headersByOrigin(
  allowed: readonly string[],
): (origin: string | undefined) => OutgoingHttpHeaders {
  const stranger = { ...streamHeaders, Vary: 'Origin' }
  const known = new Map(
    allowed.map(origin => [
      origin,
      { ...stranger, 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' },
    ]),
  )
  return origin => known.get(origin ?? '') ?? stranger
}
