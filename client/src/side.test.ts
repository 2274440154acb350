import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otherSide, sideOf } from './side.ts'

const hello = { worker: 'a/0', instance: 0, pid: 1, bus: 'streams', heartbeatMs: 15_000 }

test('the memory bus with several workers is the broken side', () => {
  const side = sideOf({ ...hello, bus: 'memory' }, 4)

  assert.equal(side.kind, 'broken')
  assert.match(side.sentence, /only the streams of the worker that took it/)
})

test('no heartbeat is the broken side, on any bus', () => {
  const side = sideOf({ ...hello, heartbeatMs: 0 }, 4)

  assert.equal(side.kind, 'broken')
  assert.equal(side.sentence, 'Left broken here: no heartbeat, so the proxy ends a quiet stream.')
})

test('the memory bus with one worker loses nothing, so it is not called broken', () => {
  const side = sideOf({ ...hello, bus: 'memory' }, 1)

  assert.equal(side.kind, 'single')
})

test('a Redis bus with heartbeats is the fixed side', () => {
  const side = sideOf(hello, 4)

  assert.equal(side.kind, 'fixed')
})

test('the other side is on the other of the two ports, with the same host and topic', () => {
  const fromFixed = otherSide(new URL('http://lab.example:8080/?topic=a'))
  const fromBroken = otherSide(new URL('http://localhost:8081/'))

  assert.equal(fromFixed?.href, 'http://lab.example:8081/?topic=a')
  assert.equal(fromBroken?.href, 'http://localhost:8080/')
})

test('on any other port there is no other side', () => {
  const other = otherSide(new URL('http://localhost:3000/'))

  assert.equal(other, undefined)
})
