import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isOwnHost, isOwnOrigin } from './callers.ts'

it("a call for a name of this machine, of the list, or for the address it arrived at is the server's own", () => {
  const own = [
    'localhost',
    'LOCALHOST:8080',
    's0.localhost:8080',
    '127.0.0.1:3000',
    '[::1]:3000',
    'server:3000',
    'a.example',
  ]
  for (const host of [undefined, ...own]) assert.ok(isOwnHost(host, ['server', 'a.example']), host)
  assert.ok(isOwnHost('172.18.0.4:3000', [], '::ffff:172.18.0.4'))
  assert.ok(isOwnHost('b.a.example', ['*.a.example']))
})

it('any other name is a stranger, however close', () => {
  const strange = [
    '',
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    'notlocalhost',
    '.localhost',
    'localhost.',
    'localhost:8080:1',
    'localhost, evil.example',
    'evil.example#localhost',
    'user@localhost',
    '127.0.0.2',
    '172.18.0.5',
    '0x7f.1',
    'server',
  ]
  for (const host of strange) assert.equal(isOwnHost(host, ['a.example'], '172.18.0.4'), false, host)
  assert.equal(isOwnHost('a.example', ['*.a.example']), false)
})

it('a page of the list or of the server itself may call, and so may what is no page', () => {
  const origins = ['http://localhost:8081']
  for (const origin of [
    undefined,
    'http://localhost:8081',
    'http://localhost:8080',
    'https://localhost:8080',
  ])
    assert.ok(isOwnOrigin({ host: 'Localhost:8080', origin }, origins), origin)
  for (const origin of ['null', '', 'http://evil.example', 'http://localhost', 'http://localhost:8082', '*'])
    assert.equal(isOwnOrigin({ host: 'localhost:8080', origin }, origins), false, origin)
  assert.equal(isOwnOrigin({ origin: 'http://evil.example' }, origins), false)
})

const asks = (site: string, mode = 'no-cors') =>
  isOwnOrigin({ host: 'localhost:8080', 'sec-fetch-site': site, 'sec-fetch-mode': mode }, [])

it('a browser that names no origin says whether another page asks: an image, or a fetch whose answer nobody reads', () => {
  for (const site of ['same-origin', 'none']) assert.ok(asks(site), site)
  for (const site of ['cross-site', 'same-site', '']) assert.equal(asks(site), false, site)
  // Somebody followed a link.
  assert.ok(asks('cross-site', 'navigate'))
})
