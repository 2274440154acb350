import { isOneLine } from './event-rules.ts'
import type { Event } from './event.ts'

/**
 * The text of server-sent events on the wire, as pure functions.
 * [spec] = WHATWG HTML, 9.2.5 and 9.2.6, https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

/** What a stream says first, so that anyone can tell which worker holds it. */
export type Hello = { worker: string; instance: number; pid: number; bus: string; heartbeatMs: number }

// The longest ids are UUIDs; those of the log are shorter by half.
const idLineBytes = 'id: 00000000-0000-0000-0000-000000000000\n'.length

/**
 * The length of an event in bytes: of its frame, with an id of 36 characters, because the bounds must hold before the bus
 * has given the id.
 */
export function frameBytes(event: Pick<Event, 'type' | 'data'>): number {
  return idLineBytes + Buffer.byteLength(fieldLines(event))
}

/**
 * The frame of one event. Throws an UnsafeField for an id or a type with a line break or NUL: this is the last door before
 * the wire, whoever has written to Redis.
 */
export function eventFrame(event: Pick<Event, 'id' | 'type' | 'data'>): string {
  if (!isOneLine(event.id)) throw new UnsafeField('id')
  return `id: ${event.id}\n${fieldLines(event)}`
}

/** An id or a type that would end its line and begin another field, or that a browser would ignore. */
class UnsafeField extends Error {
  override readonly name = 'UnsafeField'

  constructor(field: 'id' | 'type') {
    super(`the ${field} of an event has a line break or NUL`)
  }
}

function fieldLines({ type, data }: Pick<Event, 'type' | 'data'>): string {
  if (type !== undefined && !isOneLine(type)) throw new UnsafeField('type')
  return `${type === undefined ? '' : `event: ${type}\n`}${dataLines(data)}\n`
}

/**
 * The first block of a stream: when to come back, after which position it starts, and who answers. All in one, because by
 * the standard a lone `retry:` block without `id:` can wipe the browser's last id; and the id rides on an event, because
 * not every client takes one from a block without data.
 */
export function helloFrame(retryMs: number, position: string | null, hello: Hello): string {
  return `retry: ${retryMs}\n${idLine(position)}event: hello\ndata: ${JSON.stringify(hello)}\n\n`
}

/**
 * Says that events are or may be missing; what follows `position` comes next. `oldest` is the oldest event that can
 * still be had, null where there is none.
 */
export function gapFrame(position: string | null, oldest: string | null): string {
  return `${idLine(position)}event: gap\ndata: ${JSON.stringify({ oldest })}\n\n`
}

/**
 * An event that a page can hear, because a comment is invisible to it and silence would go unnoticed.
 * [spec] An empty data buffer is not dispatched; an empty `data` line is, as "".
 */
export function heartbeatFrame(position: string | null): string {
  return `${idLine(position)}event: heartbeat\ndata:\n\n`
}

/** A sign of life that moves nothing: for a stream whose position the worker's heartbeat would be wrong for. */
export function commentFrame(): string {
  return ':\n\n'
}

/**
 * Says that the grant has ended: the page renews it, and the client comes back by itself.
 * [spec] An empty data buffer is not dispatched; an empty `data` line is, as "". On a stream that had no event before, a block
 * without id would wipe the client's last id, so it is given back its own.
 */
export function tokenExpiredFrame(position: string | null): string {
  return `${idLine(position)}event: token-expired\ndata:\n\n`
}

/**
 * The whole answer that says "later". No blank line follows: [spec] `retry` takes effect with its line, and there is
 * no block that could touch the last id.
 */
export function laterText(retryMs: number): string {
  return `retry: ${retryMs}\n`
}

// Without a log there are no positions.
function idLine(position: string | null): string {
  return position === null ? '' : `id: ${position}\n`
}

// [spec] CR, LF and CRLF each end a line. One that stayed inside would let data forge the next field.
function dataLines(data: string): string {
  if (!/[\r\n]/.test(data)) return `data: ${data}\n`
  let lines = ''
  for (const line of data.split(/\r\n|\r|\n/)) lines += `data: ${line}\n`
  return lines
}
