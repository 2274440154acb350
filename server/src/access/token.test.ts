import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  base64url,
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import { Refusal, type RefusalCode } from '../http/refusal.ts'
import { detailType } from './details.ts'
import { openVerify } from './token.ts'

const second = 1000
const start = 1_800_000_000 * second
const issuer = { issuer: 'https://id.example', audience: 'sse', jwks: '/keys.json' }
const other = { issuer: 'https://other.example', audience: 'sse', jwks: '/others.json' }
const own = await generateKeyPair('ES256', { extractable: true })
const others = await generateKeyPair('ES256', { extractable: true })
const ownSet = createLocalJWKSet({ keys: [{ ...(await exportJWK(own.publicKey)), kid: 'k' }] })
// The same kid, as of another tenant.
const otherSet = createLocalJWKSet({ keys: [{ ...(await exportJWK(others.publicKey)), kid: 'k' }] })

let now = start
const verify = openVerify(
  [
    { ...issuer, keys: ownSet },
    { ...other, keys: otherSet },
  ],
  { now: () => now },
)

const detail = { type: detailType, actions: ['subscribe'], topics: [{ match: 'room/*' }] }
const good: JWTPayload = {
  iss: issuer.issuer,
  aud: 'sse',
  sub: 'alice',
  iat: start / second,
  exp: start / second + 60,
  authorization_details: [detail],
}

function signed(payload: JWTPayload, header: object = {}, key = own.privateKey): Promise<string> {
  const whole = { alg: 'ES256', typ: 'at+jwt', kid: 'k', ...header }
  return new SignJWT(payload).setProtectedHeader(whole).sign(key)
}

async function refusedWith(code: RefusalCode, token: string | Promise<string>, by = verify): Promise<void> {
  const given = await token
  await assert.rejects(by(given), (error: unknown) => {
    assert.ok(error instanceof Refusal, String(error))
    assert.equal(error.code, code)
    assert.ok(
      given.length < 20 || !error.message.includes(given.slice(0, 20)),
      'the message holds a part of it',
    )
    return true
  })
}

const part = (value: object) => base64url.encode(JSON.stringify(value))
const refused = (token: string | Promise<string>) => refusedWith('unauthorized', token)

describe('a token', () => {
  it('that is right in all parts names its subject and what it may do', async () => {
    const { subject, sub, grant, expiresAt, issuedAt } = await verify(await signed({ ...good, jti: '1' }))
    assert.equal(subject, '["https://id.example","alice"]')
    assert.equal(sub, 'alice')
    assert.deepEqual(grant, { subscribe: ['room/*'], publish: [] })
    assert.deepEqual([issuedAt, expiresAt], [start, start + 60 * second])
  })

  it('that is not signed, or signed with what everybody knows, is refused', async () => {
    await refused(`${part({ alg: 'none', typ: 'at+jwt' })}.${part(good)}.`)
    const input = `${part({ alg: 'HS256', typ: 'at+jwt', kid: 'k' })}.${part(good)}`
    const publicKey = await exportSPKI(own.publicKey)
    await refused(`${input}.${createHmac('sha256', publicKey).update(input).digest('base64url')}`)
    const [head, , signature] = (await signed(good)).split('.')
    await refused(`${head}.${part({ ...good, sub: 'root' })}.${signature}`)
  })

  it('of another issuer, audience or type is refused', async () => {
    await refused(signed({ ...good, iss: 'https://id.example.evil' }))
    await refused(signed({ ...good, iss: other.issuer })) // our key, their name
    await refused(signed(good, {}, others.privateKey)) // their key of the same kid, our name
    await refused(signed({ ...good, aud: 'another' }))
    await refused(signed(good, { typ: 'JWT' }))
    await refused(signed(good, { typ: undefined }))
    await refused(signed(good, { kid: 'unknown' }))
  })

  it('without subject, begin or end, or older than a day, is refused', async () => {
    for (const name of ['sub', 'iat', 'exp', 'iss', 'aud'])
      await refused(signed({ ...good, [name]: undefined }))
    await refused(signed({ ...good, sub: '' }))
    await refused(signed({ ...good, sub: 'x'.repeat(257) }))
    await refused(signed({ ...good, iat: start / second - 86_410, exp: start / second + 60 }))
    await refused(signed({ ...good, nbf: start / second + 60 }))
  })

  it('with one bad entry is worth nothing, and entries of other resources do not count', async () => {
    const bad = [
      { ...detail, actions: ['read'] },
      { ...detail, actions: [] },
      { ...detail, actions: 'subscribe' },
      { ...detail, topics: 'room' },
      { ...detail, topics: [null] },
      { ...detail, topics: [{ match_type: 'exact' }] },
      { ...detail, topics: [{ match: 'a/:id', match_type: 'urlpattern' }] },
      { ...detail, topics: [{ match: 'room/*', match_type: 'exact' }] },
      ...['', '/*', '**', 'a*', 'a/*/b', 'a b', '*/a'].map(match => ({ ...detail, topics: [{ match }] })),
      // For other places alone, maybe: this server does not know its own.
      { ...detail, locations: ['https://elsewhere.example'] },
      'room',
    ]
    for (const entry of bad) await refused(signed({ ...good, authorization_details: [detail, entry] }))
    await refused(signed({ ...good, authorization_details: { ...detail } }))
    const foreign = { type: 'tenant', actions: { read: true }, topics: 'acme' }
    const { grant } = await verify(await signed({ ...good, authorization_details: [foreign, detail] }))
    assert.deepEqual(grant, { subscribe: ['room/*'], publish: [] })
    const nothing = await verify(await signed({ ...good, authorization_details: undefined }))
    assert.deepEqual(nothing.grant, { subscribe: [], publish: [] })
  })

  it('holds for a day at most, however late it says that it ends', async () => {
    const day = 86_400
    const { expiresAt } = await verify(await signed({ ...good, exp: start / second + 30 * day }))
    assert.equal(expiresAt, start + day * second)
  })

  it('that has just expired is told apart from one that expired long ago, and from a forged one', async () => {
    const token = await signed(good)
    await verify(token) // remembered, and still it must end
    const forged = await signed(good, {}, others.privateKey)
    const after = async (seconds: number, code: RefusalCode, which = token) => {
      now = start + seconds * second
      await refusedWith(code, which)
    }
    try {
      await after(60, 'token-expired')
      await after(66, 'token-expired')
      await after(660, 'token-expired')
      await after(661, 'unauthorized')
      await after(66, 'unauthorized', forged)
    } finally {
      now = start
    }
  })

  it('that is no token, or a very long one, is refused', async () => {
    for (const text of ['', 'a', 'a.b', 'a.b.c', '..', 'a.b.c.d.e', 'é.é.é', 'x'.repeat(100_000)])
      await refused(text)
    await refused(signed({ ...good, more: 'x'.repeat(9000) }))
  })

  it('cannot say where its keys are', async () => {
    const asked: unknown[] = []
    const spy: JWTVerifyGetKey = (header, token) => {
      asked.push(header.kid)
      return ownSet(header, token)
    }
    const listening = openVerify([{ ...issuer, keys: spy }], { now: () => now })
    const jwk = await exportJWK(others.publicKey)
    const forged = await signed(good, { jku: 'http://127.0.0.1:9/keys', jwk }, others.privateKey)
    await refusedWith('unauthorized', forged, listening)
    assert.deepEqual(asked, ['k'])
  })

  it('is not blamed when the keys cannot be had', async () => {
    const away = openVerify([{ ...issuer, keys: () => Promise.reject(new Refusal('not-ready', 'away')) }], {
      now: () => now,
    })
    await refusedWith('not-ready', signed(good), away)
  })
})
