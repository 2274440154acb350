import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readIssuers } from './issuers.ts'

const good = { issuer: 'https://id.example', audience: 'sse', jwks: 'https://id.example/jwks.json' }

it('issuers are read with the place of their keys', () => {
  for (const jwks of [good.jwks, '/run/keys/jwks.json', 'http://localhost:4000/jwks.json'])
    assert.deepEqual(readIssuers(JSON.stringify([{ ...good, jwks }])), [{ ...good, jwks }])
})

it('what is wrong is named with its field', () => {
  const wrong: [unknown, RegExp][] = [
    [[], /at least one/],
    [{}, /it /],
    [[{ ...good, jwks: 'http://id.example/jwks.json' }], /0\.jwks must be an https:/],
    [[{ ...good, jwks: 'https://user:secret@id.example/' }], /0\.jwks/],
    [[{ ...good, jwks: 'keys.json' }], /0\.jwks/],
    [[good, { ...good, audience: undefined }], /1\.audience/],
    [[good, good], /each issuer once/],
    [[{ ...good, algorithm: 'none' }], /0 /],
  ]
  for (const [value, text] of wrong) assert.throws(() => readIssuers(JSON.stringify(value)), text)
  assert.throws(() => readIssuers('issuer'), /JSON list/)
})
