import { SignJWT } from 'jose'
import { readGrant } from '../grant.ts'
import { detailType } from './details.ts'

/** An issuer with its only key, ES256. `kid` names the key in its key set. */
export type TokenMaker = {
  issuer: string
  audience: string
  key: Parameters<SignJWT['sign']>[0]
  kid: string
}

/** Who the token is for, what it allows, and when it ends, in seconds since 1970. */
export type TokenWish = {
  sub: string
  subscribe: readonly string[]
  publish: readonly string[]
  expiresAt: number
}

/** A token as token.ts takes it. Rejects for a topic that is none, so that nobody is given what will be refused. */
export async function makeToken(
  { issuer, audience, key, kid }: TokenMaker,
  { sub, subscribe, publish, expiresAt }: TokenWish,
): Promise<string> {
  readGrant({ subscribe, publish })
  const details = Object.entries({ subscribe, publish }).flatMap(([action, topics]) =>
    topics.length > 0
      ? [{ type: detailType, actions: [action], topics: topics.map(match => ({ match })) }]
      : [],
  )
  return await new SignJWT({ authorization_details: details })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(key)
}
