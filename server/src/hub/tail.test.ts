import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { compareIds, isId } from '../bus/streams/ids.ts'
import { frameBytes } from '../frame.ts'
import { Tail } from './tail.ts'

const log = { isId, compare: compareIds, lastId: async () => '0-0' }

function tailOf(ids: string[], bounds = { eventsMax: 100, bytesMax: 1000 }, start = '0-0'): Tail {
  const tail = new Tail(log, bounds)
  tail.restart(start)
  tail.append(ids.map(id => entry(id)))
  return tail
}

function entry(id: string, topic = 'a') {
  return { id, topic, frame: `${id} `, bytes: 10 }
}

test('an id of the tail is a position, and so is the one that everything follows', () => {
  const tail = tailOf(['5-0', '5-1', '7-0'])

  assert.deepEqual(tail.startAfter('0-0'), { position: '0-0', gap: false })
  assert.deepEqual(tail.startAfter('5-1'), { position: '5-1', gap: false })
  assert.deepEqual(tail.startAfter('7-0'), { position: '7-0', gap: false })
})

test('an id that this worker has not reached is left as it is', () => {
  assert.deepEqual(tailOf(['5-0']).startAfter('5-1'), { position: '5-1', gap: false })
})

test('an id of another log, or one too old, is a gap and then all that is there after it', () => {
  const tail = tailOf(['5-0', '5-1', '7-0'], undefined, '4-0')

  assert.deepEqual(tail.startAfter('6-3'), { position: '5-1', gap: true })
  assert.deepEqual(tail.startAfter('3-0'), { position: '4-0', gap: true })
  assert.deepEqual(tail.startAfter('0-0'), { position: '4-0', gap: true })
})

test('what is no id at all is a gap, and goes on live', () => {
  const tail = tailOf(['5-0', '7-0'])

  for (const text of ['nonsense', '5-0\nid: 9-9', ''])
    assert.deepEqual(tail.startAfter(text), { position: '7-0', gap: true })
})

test('past a bound the oldest are dropped, and an older client gets a gap', () => {
  const byEvents = tailOf(['1-0', '2-0', '3-0', '4-0'], { eventsMax: 2, bytesMax: 1000 })
  const byBytes = tailOf(['1-0', '2-0', '3-0', '4-0'], { eventsMax: 100, bytesMax: 20 })

  for (const tail of [byEvents, byBytes]) {
    assert.deepEqual([tail.events, tail.bytes, tail.oldest, tail.last], [2, 20, '3-0', '4-0'])
    // Everything after 2-0 is still there, so it is a position; before it something is gone.
    assert.deepEqual(tail.startAfter('2-0'), { position: '2-0', gap: false })
    assert.deepEqual(tail.startAfter('1-0'), { position: '2-0', gap: true })
  }
})

test('a tail that is in use for long holds no more than its bounds', () => {
  const tail = tailOf([], { eventsMax: 50, bytesMax: 1000 })

  for (let n = 1; n <= 10_000; n += 1) tail.append([entry(`${n}-0`)])

  assert.deepEqual([tail.events, tail.bytes, tail.oldest], [50, 500, '9951-0'])
  assert.equal(
    tail.piece('9990-0', ['a'], 1000).text,
    '9991-0 9992-0 9993-0 9994-0 9995-0 9996-0 9997-0 9998-0 9999-0 10000-0 ',
  )
})

test('a piece has the frames of its topics in order, and leads to the end of the tail', () => {
  const tail = tailOf([])
  tail.append([entry('1-0', 'a'), entry('2-0', 'b'), entry('3-0', 'a'), entry('4-0', 'c')])

  assert.deepEqual(tail.piece('0-0', ['a', 'b'], 1000), { text: '1-0 2-0 3-0 ', events: 3, position: '4-0' })
  assert.deepEqual(tail.piece('1-0', ['a'], 1000), { text: '3-0 ', events: 1, position: '4-0' })
  assert.deepEqual(tail.piece('4-0', ['a'], 1000), { text: '', events: 0, position: '4-0' })
})

test('a piece ends before it gets too large, and the next goes on from there', () => {
  const tail = tailOf(['1-0', '2-0', '3-0', '4-0', '5-0'])
  const pieces: string[] = []

  for (let position = '0-0'; position !== tail.last;) {
    const piece = tail.piece(position, ['a'], 25)
    pieces.push(piece.text)
    position = piece.position
  }

  assert.deepEqual(pieces, ['1-0 2-0 ', '3-0 4-0 ', '5-0 '])
  assert.equal(tail.piece('0-0', ['a'], 1).text, '1-0 ', 'one always fits')
})

// What publishScript does, as a rule: the newest entries that the bounds allow.
function keptByTheLog(
  bytes: number[],
  { eventsMax, bytesMax }: { eventsMax: number; bytesMax: number },
): number {
  let kept = 0
  let sum = 0
  for (const size of bytes.toReversed()) {
    sum += size
    if (kept === eventsMax || sum > bytesMax) break
    kept += 1
  }
  return kept
}

test('the tail keeps exactly what the log keeps, for any sizes, texts and bounds', () => {
  const text = fc.oneof(fc.string({ maxLength: 400 }), fc.string({ unit: 'grapheme', maxLength: 200 }))
  const bounds = fc.record({
    eventsMax: fc.integer({ min: 1, max: 50 }),
    bytesMax: fc.integer({ min: 1024, max: 20_000 }),
  })
  fc.assert(
    fc.property(bounds, fc.array(text, { maxLength: 100 }), (own, texts) => {
      const tail = tailOf([], own)
      const sizes = texts.map(data => frameBytes({ data }))
      fc.pre(sizes.every(size => size <= own.bytesMax))
      for (const [n, bytes] of sizes.entries()) tail.append([{ ...entry(`${n + 1}-0`), bytes }])

      const kept = keptByTheLog(sizes, own)
      assert.equal(tail.events, kept)
      assert.equal(tail.oldest, kept === 0 ? null : `${sizes.length - kept + 1}-0`)
    }),
    { numRuns: 3000 },
  )
})
