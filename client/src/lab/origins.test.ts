import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSides as read, type SideAddress } from './origins.ts'

const lab = [
  'http://localhost:8080',
  'http://localhost:8081',
  'http://127.0.0.1:8080',
  'http://127.0.0.1:8081',
]

const knowsNames = { knowsNames: true, multiplexes: false }
const knowsNone = { knowsNames: false, multiplexes: false }

/** The sides without what is about streams. */
function readSides(own: string, known: readonly string[]): Pick<SideAddress, 'origin' | 'callTo'>[] {
  return read(own, known, knowsNone).map(({ origin, callTo }) => ({ origin, callTo }))
}

/** By side: how many streams at which origin. */
function seats(own: string, known: readonly string[], browser = knowsNames): Record<string, number>[] {
  return read(own, known, browser).map(({ streamsAt }) =>
    Object.fromEntries(streamsAt.map(({ origin, streamsMax }) => [origin, streamsMax])),
  )
}

const spread = (port: number) =>
  Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`http://s${n}.localhost:${port}`, 6]))

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

test('streams spread over eight names of this machine, six on each, from localhost and from 127.0.0.1', () => {
  assert.deepEqual(seats('http://localhost:8080', lab), [spread(8080), spread(8081)])
  assert.deepEqual(seats('http://127.0.0.1:8081', lab), [spread(8081), spread(8080)])
})

test('where the browser does not take the names, an address has five streams', () => {
  assert.deepEqual(seats('http://localhost:8080', lab, knowsNone), [
    { 'http://localhost:8080': 5 },
    { 'http://localhost:8081': 5 },
  ])
})

test('names are asked only of a lab on this machine that names localhost itself: its page may call no others', () => {
  const far = ['http://nginx:8081', 'http://localhost:8081', 'http://nginx']

  assert.deepEqual(seats('http://nginx', far), [{ 'http://nginx': 5 }, { 'http://nginx:8081': 5 }])
  assert.deepEqual(seats('http://127.0.0.1:8080', ['http://127.0.0.1:8080']), [
    { 'http://127.0.0.1:8080': 5 },
  ])
  assert.deepEqual(seats('http://localhost:3000', []), [{ 'http://localhost:3000': 5 }])
})

test('over HTTP/2 streams share one connection, and need no names', () => {
  const browser = { knowsNames: false, multiplexes: true }

  assert.deepEqual(seats('https://localhost', ['https://localhost'], browser), [{ 'https://localhost': 100 }])
})
