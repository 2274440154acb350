import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isOwnCall, readCredentials } from './credentials.ts'

it('the header wins over the cookie, and they never add up', () => {
  assert.equal(readCredentials({}), undefined)
  assert.equal(readCredentials({ cookie: 'a=b; __Host-ssex=t' }), undefined)
  assert.deepEqual(readCredentials({ cookie: 'a=b; __Host-sse=t.t.t' }), { token: 't.t.t', from: 'cookie' })
  const both = { authorization: 'bearer h.h.h', cookie: '__Host-sse=t' }
  assert.deepEqual(readCredentials(both), { token: 'h.h.h', from: 'header' })
})

it('a header that is no Bearer token is refused, even beside a good cookie', () => {
  for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a b', 'Bearer a,b', 't.t.t'])
    assert.throws(() => readCredentials({ authorization, cookie: '__Host-sse=t' }), {
      code: 'unauthorized',
    })
})

it('only a page of the list, or of the server itself, makes a call with the cookie', () => {
  const origins = ['https://app.example']
  for (const headers of [{ origin: 'https://app.example' }, { 'sec-fetch-site': 'same-origin' }])
    assert.equal(isOwnCall(headers, origins), true)
  const strangers = [
    {},
    { origin: 'null' },
    { origin: 'https://app.example.evil' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  ]
  for (const headers of strangers) assert.equal(isOwnCall(headers, origins), false)
})
