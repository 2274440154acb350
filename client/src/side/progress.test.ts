import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brought, greeted, isPast, left, neverOpen, reached, reaches } from './progress.ts'

const event = { id: '10-0', seq: 5, acknowledgedAtMs: 1000 }
const ages = 1e9

const onLog = greeted(neverOpen, 'streams', '9-0', 0)
const onMemory = greeted(neverOpen, 'memory', '', 0)

test('with a log, time alone loses nothing: the stream is still before the event', () => {
  assert.equal(isPast(onLog, event, ages), false)
})

test('with a log, a later event, a heartbeat, a gap or a hello at the event or beyond it proves the loss', () => {
  assert.equal(isPast(brought(onLog, '10-1', 6), event, 1000), true)
  assert.equal(isPast(reached(onLog, '10-0'), event, 1000), true)
  assert.equal(isPast(greeted(left(onLog), 'streams', '11-0', 2000), event, 2000), true)
})

test('with a log, a stream that is away or back before the event is behind, however long it takes', () => {
  const away = left(onLog)
  const back = greeted(away, 'streams', '9-0', 5000)

  assert.equal(isPast(away, event, ages), false)
  assert.equal(isPast(back, event, ages), false)
  assert.equal(isPast(reached(back, '10-0'), event, ages), true, 'and past it once it got there without it')
})

test('with a log, what a cut stream was told before does not condemn it before it is open again', () => {
  const cut = left(reached(onLog, '12-0'))

  assert.equal(isPast(cut, event, ages), false)
})

test('without a log, a later event of this tab proves the loss at once', () => {
  assert.equal(isPast(brought(onMemory, 'a-uuid', 4), event, 1000), false)
  assert.equal(isPast(brought(onMemory, 'a-uuid', 6), event, 1000), true)
})

test('without a log, a stream that was open all the time has lost it after the grace', () => {
  assert.equal(isPast(onMemory, event, 1999), false)
  assert.equal(isPast(onMemory, event, 2000), true)
})

test('without a log, a stream is behind while it is away, and has lost it when it is open again', () => {
  const away = left(onMemory)

  assert.equal(isPast(away, event, ages), false)
  assert.equal(isPast(greeted(away, 'memory', 'a-uuid', 1101), event, 1101), true)
  assert.equal(isPast(greeted(away, 'memory', 'a-uuid', 1100), event, 1101), false, 'which was first?')
})

test('without a log, a hello between the publish and its acknowledgement proves nothing yet', () => {
  const back = greeted(left(onMemory), 'memory', '', 999)

  assert.equal(isPast(back, event, 1000), false)
})

test('a stream that was never open has lost nothing', () => {
  assert.equal(isPast(neverOpen, event, ages), false)
})

test('an id that is no position moves nothing, and positions compare as numbers', () => {
  assert.deepEqual(reached(onLog, ''), onLog)
  assert.equal(reaches('a-uuid', '10-0'), false)
  assert.equal(reaches('10-0', 'a-uuid'), false)
  assert.equal(reaches('9-9', '10-0'), false)
  assert.equal(reaches('10-9', '10-10'), false)
  assert.equal(reaches('18446744073709551615-1', '18446744073709551615-0'), true)
})
