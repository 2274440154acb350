import { parse } from 'node:querystring'
import { Refusal } from './refusal.ts'
import { readTopics } from './topics.ts'

/** What `GET /events` is asked for. `lastId` is undefined for a client that comes for the first time. */
export type StreamQuery = { topics: string[]; lastId: string | undefined }

/**
 * Reads the topics and the last id from the request's URL and its `Last-Event-ID` header. Throws a Refusal for bad topics,
 * and for a parameter that looks like a misspelt `topic`: the stream of another topic would be worse than none. Where the
 * application has `chosen` the topics, the query names none.
 */
export function readStreamQuery(
  url: string,
  lastEventIdHeader: string | string[] | undefined,
  chosen?: readonly string[],
): StreamQuery {
  const query = parseQuery(url)
  if (chosen === undefined) refuseMisspelt(Object.keys(query))
  const topics = chosen === undefined ? readTopics(query.topic) : readTopics(chosen)
  return { topics, lastId: lastIdOf(query, lastEventIdHeader) }
}

/** The last id alone, of a request whose topics do not matter. */
export function readLastId(
  url: string,
  lastEventIdHeader: string | string[] | undefined,
): string | undefined {
  return lastIdOf(parseQuery(url), lastEventIdHeader)
}

type Query = ReturnType<typeof parse>

function parseQuery(url: string): Query {
  // All that follows the first "?". Without maxKeys, what stands behind a thousand other parameters would not be seen.
  const start = url.indexOf('?')
  return parse(start === -1 ? '' : url.slice(start + 1), '&', '=', { maxKeys: 0 })
}

// A native reconnect repeats the old query, and sends the newer id in the header.
function lastIdOf(query: Query, header: string | string[] | undefined): string | undefined {
  const names = Object.keys(query).filter(isLastEventId)
  return oneId([header || names.flatMap(name => query[name] ?? [])].flat())
}

function refuseMisspelt(names: readonly string[]): void {
  const misspelt = names.find(name => name !== 'topic' && looksLikeTopic(name))
  if (misspelt === undefined) return
  throw new Refusal(
    'bad-topic',
    `Query parameter ${JSON.stringify(misspelt.slice(0, 64))} is unknown: name each topic with "topic", like ?topic=a&topic=b.`,
  )
}

// Two that differ are no position, but not nothing: the stream is told of a gap, as for any id that is unknown.
function oneId(given: string[]): string | undefined {
  const [id, ...others] = new Set(given.filter(Boolean))
  return others.length === 0 ? id : 'not an id'
}

/**
 * An EventSource cannot set the header, so polyfills and servers have given the parameter many names: lastEventID, lastEventId
 * (Yaffle), Last-Event-ID (Mercure), last_event_id, evs_last_event_id.
 */
function isLastEventId(name: string): boolean {
  return name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .endsWith('lasteventid')
}

/** Whether it holds "topic" (topics, topic[], Topic, amp;topic), or is one slip of the keys away from it (tpoic, topc). */
function looksLikeTopic(name: string): boolean {
  const lower = name.toLowerCase()
  return lower.includes('topic') || isOneSlipFrom(lower, 'topic')
}

function isOneSlipFrom(name: string, right: string): boolean {
  if (Math.abs(name.length - right.length) > 1) return false
  let from = 0
  while (from < name.length && name[from] === right[from]) from += 1
  const [rest, rightRest] = [name.slice(from), right.slice(from)]
  return (
    rest.slice(1) === rightRest.slice(1) || // another letter
    rest === rightRest.slice(1) || // one letter less
    rest.slice(1) === rightRest || // one letter more
    (rest.slice(2) === rightRest.slice(2) && rest[0] === rightRest[1] && rest[1] === rightRest[0]) // two swapped
  )
}
