import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const issuer = { issuer: 'bench', audience: 'bench', jwks: '/lab/server/jwks.json' }

/** What a server with AUTH=jwt needs that knows one client, who may do all, and the header with that client's token. */
export type Access = { env: Record<string, string>; files: Record<string, string>; header: string }

/** Makes a key of its own for each start. No quota is reached: what is measured is the check, and not its refusals. */
export async function oneClient(adminPort: number): Promise<Access> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'bench' }
  const details = {
    type: 'https://mercure.rocks/authorization-detail',
    actions: ['subscribe', 'publish'],
    topics: [{ match: 'bench' }],
  }
  const token = await new SignJWT({ authorization_details: [details] })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })
    .setIssuer(issuer.issuer)
    .setAudience(issuer.audience)
    .setSubject('bench')
    .setJti('bench')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  return {
    env: {
      AUTH: 'jwt',
      AUTH_ISSUERS: JSON.stringify([issuer]),
      ADMIN_PORT: String(adminPort),
      SUBJECT_STREAMS_MAX: '20000',
      SUBJECT_PUBLISHES_PER_SECOND_MAX: '100000',
    },
    files: { [issuer.jwks]: JSON.stringify({ keys: [key] }) },
    header: `Authorization: Bearer ${token}`,
  }
}
