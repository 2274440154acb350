import type { TokenIssuer } from '@sse-lab/server/test/support/issuer.ts'
import { nextPort } from './server-process.ts'

/** The topic that the scenarios of access are about. Not everybody may read it. */
export const topic = 'room/1'

/** For the lab's server, which lets nobody in without a token of this issuer. The naive ones take the same words. */
export function accessEnv(
  issuer: TokenIssuer,
  redisUrl: string,
): Record<string, string> & { ADMIN_PORT: string } {
  return { ...issuer.environment(), ADMIN_PORT: String(nextPort()), OPEN: '', REDIS_URL: redisUrl }
}

/** Headers as a browser sends them with the cookie of docs/access.md. */
export function withCookie(token: string): Record<string, string> {
  return { cookie: `__Host-sse=${token}` }
}
