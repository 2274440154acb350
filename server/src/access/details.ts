import { z } from 'zod'
import { readGrant, type Grant } from '../grant.ts'

/** The type of the entries that this server understands. Entries of other types are for other resources. */
export const detailType = 'https://mercure.rocks/authorization-detail'

const entriesMax = 64

const detail = z.looseObject({
  // [RFC 9396, 2.2] A list of the places where it holds. This server does not know its own address.
  locations: z.undefined('must not be there').optional(),
  actions: z.array(z.enum(['subscribe', 'publish'])).min(1),
  topics: z
    .array(z.looseObject({ match: z.string(), match_type: z.literal('exact').optional() }))
    .max(entriesMax),
})
const claim = z.array(z.looseObject({ type: z.string() })).max(entriesMax)

/**
 * The grant in the claim `authorization_details` (RFC 9396) with the entries of Mercure 1.0: `actions` of `publish` and
 * `subscribe`, `topics` of `{ "match": "room/*" }`. A match is a topic, a prefix with `/*` behind it, or `*`; with
 * `"match_type": "exact"` it is a topic or `*`. Throws for one bad entry: a token that is half understood must allow nothing.
 * No claim at all allows nothing, too. https://mercure.rocks/spec
 */
export function readDetails(value: unknown): Grant {
  const subscribe: string[] = []
  const publish: string[] = []
  for (const entry of claim.parse(value ?? [])) {
    if (entry.type !== detailType) continue
    const { actions, topics } = detail.parse(entry)
    for (const { match, match_type } of topics) {
      if (match_type === 'exact' && match.endsWith('/*')) throw new TypeError('an exact match ends with /*')
      if (actions.includes('subscribe')) subscribe.push(match)
      if (actions.includes('publish')) publish.push(match)
    }
  }
  return readGrant({ subscribe, publish })
}
