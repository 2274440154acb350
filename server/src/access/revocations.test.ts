import assert from 'node:assert/strict'
import { it } from 'node:test'
import { revokedField, Revocations } from './revocations.ts'

const issuer = 'https://id.example'
const token = { issuer, sub: 'alice', tokenId: '1', issuedAt: 1000 }
const sub = revokedField({ issuer, sub: 'alice' })
const jti = revokedField({ issuer, tokenId: '1' })

it('a subject or a token is revoked as of a time, and nobody else is', () => {
  const revocations = new Revocations()
  assert.equal(revocations.has(token), false)
  for (const field of [sub, jti]) {
    revocations.apply({ [field]: '1500' }, 2000)
    assert.equal(revocations.has(token), true)
    assert.equal(revocations.has({ ...token, issuer: 'https://other.example' }), false)
    assert.equal(revocations.has({ ...token, sub: 'bob', tokenId: '2' }), false)
  }
  // An alice whose token has no id, and an id that is spelt like a subject.
  assert.equal(revocations.has({ ...token, tokenId: undefined }), false)
  assert.equal(revocations.has({ ...token, sub: '1', tokenId: 'alice' }), false)
  revocations.apply({}, 2000)
  assert.equal(revocations.has(token), false)
})

it('a subject may come back with a newer token, and a revoked token never, whatever its clock said', () => {
  const revocations = new Revocations()
  revocations.apply({ [sub]: '1500' }, 2000)
  // The issuer's clock may be five seconds ahead.
  assert.equal(revocations.has({ ...token, issuedAt: 6500 }), true)
  assert.equal(revocations.has({ ...token, issuedAt: 6501 }), false)
  revocations.apply({ [jti]: '1500' }, 2000)
  assert.equal(revocations.has({ ...token, issuedAt: 60_000 }), true)
})

it('streams of what is revoked end once, and those that have left do not', () => {
  const revocations = new Revocations()
  const ended: string[] = []
  const watch = (name: string, more: object) =>
    revocations.watch({ ...token, ...more }, () => ended.push(name))
  watch('alice', {})
  watch('bob', { sub: 'bob', tokenId: '2' })
  watch('newer', { issuedAt: 9999, tokenId: '3' })
  watch('left', {})()
  revocations.apply({ [sub]: '1500' }, 2000)
  revocations.apply({ [sub]: '1500' }, 3000)
  assert.deepEqual(ended, ['alice'])
  revocations.apply({ [sub]: 'nonsense' }, 10_000)
  assert.deepEqual(ended, ['alice', 'alice', 'newer'])
})
