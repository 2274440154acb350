import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameOf, nameOfRefusal } from './name.ts'

test('a proxy that writes its name over the server’s is the one that is named', () => {
  assert.equal(nameOf({ server: 'nginx/1.26.3', 'x-powered-by': 'Express' }), 'nginx')
  assert.equal(nameOf({ 'x-powered-by': 'Express' }), 'Express')
  assert.equal(nameOf({}), undefined)
})

test('what is refused by HAProxy, which names itself nowhere, is known by its words', () => {
  const answer =
    'HTTP/1.0 400 Bad request\r\n\r\n<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n'

  assert.equal(nameOfRefusal(answer), 'HAProxy')
  assert.equal(nameOfRefusal('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'), undefined)
})
