import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from './ledger.ts'

const limits = { idsMax: 3 }
const acknowledgement = (id: string) => ({ id, seq: Number(id), publishedBy: 'a/1', heldBy: 'a/0' })

/** A ledger whose stream is open, on a bus that replays nothing unless said. */
function openLedger(bus = 'memory', id = ''): Ledger {
  const ledger = new Ledger(limits)
  ledger.greet(bus, id, 0)
  return ledger
}

test('an acknowledged event is on the way before the grace ends, and lost from then on', () => {
  const ledger = openLedger()
  ledger.acknowledge(acknowledgement('1'), 1000)

  const before = ledger.count(2999)
  const after = ledger.count(3000)

  assert.deepEqual(before, { acknowledged: 1, received: 0, onTheWay: 1, lost: 0, doubled: 0 })
  assert.deepEqual(after, { acknowledged: 1, received: 0, onTheWay: 0, lost: 1, doubled: 0 })
})

test('an event that arrives before its acknowledgement counts once, as received', () => {
  const ledger = openLedger()

  ledger.receive('1', 1)
  const early = ledger.count(0)
  ledger.acknowledge(acknowledgement('1'), 0)

  assert.equal(early.received, 0)
  assert.deepEqual(ledger.count(9000), { acknowledged: 1, received: 1, onTheWay: 0, lost: 0, doubled: 0 })
})

test('a lost event that arrives after all counts as received', () => {
  const ledger = openLedger()
  ledger.acknowledge(acknowledgement('1'), 0)
  assert.equal(ledger.count(5000).lost, 1)

  ledger.receive('1', 1)

  assert.deepEqual(ledger.count(5000), { acknowledged: 1, received: 1, onTheWay: 0, lost: 0, doubled: 0 })
  assert.equal(ledger.lastLoss(5000), undefined)
})

test('one event doubled does not hide another one lost', () => {
  const ledger = openLedger()
  ledger.acknowledge(acknowledgement('1'), 0)
  ledger.acknowledge(acknowledgement('2'), 0)

  ledger.receive('1', 1)
  ledger.receive('1', 1)

  assert.deepEqual(ledger.count(2000), { acknowledged: 2, received: 1, onTheWay: 0, lost: 1, doubled: 1 })
})

test('an event that comes twice before its acknowledgement counts as doubled', () => {
  const ledger = openLedger()

  ledger.receive('1', 1)
  ledger.receive('1', 1)
  ledger.acknowledge(acknowledgement('1'), 0)

  assert.deepEqual(ledger.count(2000), { acknowledged: 1, received: 1, onTheWay: 0, lost: 0, doubled: 1 })
})

test('an event that was never acknowledged is neither received nor lost', () => {
  const ledger = openLedger()

  ledger.receive('1', 1)

  assert.deepEqual(ledger.count(9000), { acknowledged: 0, received: 0, onTheWay: 0, lost: 0, doubled: 0 })
})

test('the same acknowledgement twice counts once', () => {
  const ledger = openLedger()

  ledger.acknowledge(acknowledgement('1'), 0)
  ledger.acknowledge(acknowledgement('1'), 0)
  ledger.receive('1', 1)
  ledger.acknowledge(acknowledgement('1'), 0)

  assert.deepEqual(ledger.count(2000), { acknowledged: 1, received: 1, onTheWay: 0, lost: 0, doubled: 0 })
})

test('past its bound the ledger forgets the oldest ids and keeps every count', () => {
  const ledger = openLedger()

  for (const id of ['1', '2', '3', '4', '5']) ledger.acknowledge(acknowledgement(id), 0)

  assert.deepEqual(ledger.count(2000), { acknowledged: 5, received: 0, onTheWay: 0, lost: 5, doubled: 0 })
})

test('of a loss it is known which worker published it and which one held the stream', () => {
  const ledger = openLedger()
  ledger.acknowledge({ id: '1', seq: 1, publishedBy: 'a/3', heldBy: 'a/0' }, 0)
  ledger.acknowledge({ id: '2', seq: 2, publishedBy: 'a/2', heldBy: 'a/0' }, 1000)

  const atTwo = ledger.lastLoss(2000)
  const atThree = ledger.lastLoss(3000)

  assert.equal(atTwo?.publishedBy, 'a/3')
  assert.equal(atThree?.publishedBy, 'a/2')
  assert.equal(atThree.heldBy, 'a/0')
})

test('with a log an event is on the way until the stream is past it, however long the stream is away', () => {
  const ledger = openLedger('streams', '1-0')
  ledger.leave()
  ledger.acknowledge({ ...acknowledgement('2'), id: '2-0' }, 0)
  const away = ledger.count(60_000)
  ledger.greet('streams', '1-0', 60_000)
  const back = ledger.count(120_000)

  ledger.reach('2-0')

  assert.deepEqual([away.onTheWay, away.lost], [1, 0])
  assert.deepEqual([back.onTheWay, back.lost], [1, 0])
  assert.deepEqual([ledger.count(120_000).onTheWay, ledger.count(120_000).lost], [0, 1])
})

test('what was lost stays lost while the stream is away', () => {
  const ledger = openLedger()
  ledger.acknowledge(acknowledgement('1'), 0)
  assert.equal(ledger.count(2000).lost, 1)

  ledger.leave()

  assert.equal(ledger.count(3000).lost, 1)
})

test('past its bound, what a replay may still bring stays on the way', () => {
  const ledger = openLedger('streams', '0-0')
  ledger.leave()

  for (const seq of [1, 2, 3, 4, 5])
    ledger.acknowledge({ ...acknowledgement(String(seq)), id: `${seq}-0` }, 0)

  assert.deepEqual(ledger.count(9000), { acknowledged: 5, received: 0, onTheWay: 5, lost: 0, doubled: 0 })
})
