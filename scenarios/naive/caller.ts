import type { Request, RequestHandler } from 'express'
import { readCredentials } from '@sse-lab/server/src/access/credentials.ts'
import { readIssuers } from '@sse-lab/server/src/access/issuers.ts'
import { openKeys } from '@sse-lab/server/src/access/keys.ts'
import { openVerify, type Verified } from '@sse-lab/server/src/access/token.ts'

/**
 * The check of a token, as the lab's own server has it: what is wrong with the naive servers is what they make of it. Whoever
 * has a token may read every topic.
 */
export const verify = openVerify(
  readIssuers(process.env.AUTH_ISSUERS ?? '').map(issuer => ({ ...issuer, keys: openKeys(issuer.jwks) })),
)

/** Who a request is from, by its header or its cookie. Rejects without a token, and for one that is not good. */
export async function callerOf({ headers }: Request): Promise<Verified> {
  return await verify(readCredentials(headers)?.token ?? '')
}

/** Lets a request pass for which `check` resolves, and answers 401 to all others. */
export function only(check: (request: Request) => Promise<unknown>): RequestHandler {
  return async (request, response, next) => {
    const isKnown = await check(request).then(
      () => true,
      () => false,
    )
    if (isKnown) next()
    else response.status(401).end()
  }
}
