import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSides } from './origins.ts'

const lab = [
  'http://localhost:8080',
  'http://localhost:8081',
  'http://127.0.0.1:8080',
  'http://127.0.0.1:8081',
]

test('the other side has the same host and another port, and calls go to the other name of the machine', () => {
  assert.deepEqual(readSides('http://localhost:8081', lab), [
    { origin: 'http://localhost:8081', callTo: 'http://127.0.0.1:8081' },
    { origin: 'http://localhost:8080', callTo: 'http://127.0.0.1:8080' },
  ])
})

test('a server that names nobody is one side, and takes its publishes itself', () => {
  assert.deepEqual(readSides('http://localhost:3000', []), [
    { origin: 'http://localhost:3000', callTo: 'http://localhost:3000' },
  ])
})

test('what is no address is passed over', () => {
  assert.equal(readSides('http://localhost:8080', ['nonsense', ...lab]).length, 2)
})

test('only the two names of this machine are the same: another host with the same port is another host', () => {
  const known = ['http://nginx:8081', 'http://localhost:8081', 'http://nginx']
  assert.deepEqual(readSides('http://nginx', known), [
    { origin: 'http://nginx', callTo: 'http://nginx' },
    { origin: 'http://nginx:8081', callTo: 'http://nginx:8081' },
  ])
})
