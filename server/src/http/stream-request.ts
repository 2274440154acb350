import { covers, type Grant } from '../grant.ts'
import type { Request } from './body.ts'
import { readStreamQuery } from './query.ts'
import { Refusal } from './refusal.ts'

/** Which topics, if not those of the query; and what the client may hear, if not all. */
export type StreamWish = { topics?: readonly string[] | undefined; grant?: Grant | undefined }

/** What a request asks for. `topics` are sorted and without doubles. */
export type Asked = { topics: readonly string[]; lastId: string | undefined; grant: Grant | undefined }

/** Reads what a request asks for. Throws a Refusal for bad topics, and for some that the grant does not cover. */
export function readAsked(request: Request, { topics: wanted, grant }: StreamWish): Asked {
  const { url = '', headers } = request
  const { topics, lastId } = readStreamQuery(url, headers['last-event-id'], wanted)
  checkGrant(grant, topics)
  // A body means nothing here, but while it is not read, nobody sees the client leave.
  if (hasBody(request)) request.resume()
  return { topics, lastId, grant }
}

function checkGrant(grant: Grant | undefined, topics: readonly string[]): void {
  if (grant === undefined || topics.every(topic => covers(grant.subscribe ?? [], topic))) return
  throw new Refusal('forbidden', 'The grant does not cover every topic of this stream.')
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
