import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SideLedger } from './side-ledger.ts'

const due = [
  { stream: 1, heldBy: 'a/0' },
  { stream: 2, heldBy: 'a/1' },
]

test('what every stream got is received, before the acknowledgement or after it', () => {
  const ledger = new SideLedger()
  ledger.receive(1, 'x', 1)
  ledger.acknowledge('x', 'a/0', due, 'streams', 0)
  ledger.receive(2, 'x', 1)

  const { published, received, lost, predicted } = ledger.count(10_000)
  assert.deepEqual(
    { published, received, lost, predicted },
    { published: 1, received: 2, lost: 0, predicted: 0 },
  )
})

test('with the memory bus the streams of other workers are predicted to lose it, and it counts as lost after two seconds', () => {
  const ledger = new SideLedger()
  ledger.acknowledge('x', 'a/0', due, 'memory', 0)
  ledger.receive(1, 'x', 1)

  assert.equal(ledger.count(1999).lost, 0)
  assert.deepEqual([ledger.count(2000).lost, ledger.count(2000).predicted], [1, 1])
})

test('a delivery that comes late is no longer lost', () => {
  const ledger = new SideLedger()
  ledger.acknowledge('x', 'a/0', due, 'streams', 0)
  ledger.receive(1, 'x', 1)
  assert.equal(ledger.count(5000).lost, 1)

  ledger.receive(2, 'x', 1)

  assert.equal(ledger.count(5000).lost, 0)
})

test('doubles and disorder are told apart, and neither hides a loss', () => {
  const ledger = new SideLedger()
  ledger.acknowledge('x', 'a/0', due, 'streams', 0)
  ledger.acknowledge('y', 'a/0', due, 'streams', 0)
  ledger.receive(1, 'y', 2)
  ledger.receive(1, 'x', 1)
  ledger.receive(1, 'x', 1)

  const { doubled, disordered, lost, received } = ledger.count(5000)
  assert.deepEqual(
    { doubled, disordered, lost, received },
    { doubled: 1, disordered: 2, lost: 2, received: 2 },
  )
})

test('a stream that was not open when an event was sent is owed nothing', () => {
  const ledger = new SideLedger()
  ledger.acknowledge('x', 'a/0', due.slice(0, 1), 'streams', 0)
  ledger.receive(1, 'x', 1)
  ledger.receive(2, 'x', 1)

  const counts = ledger.count(5000)
  assert.deepEqual([counts.due, counts.received, counts.lost, counts.doubled], [1, 1, 0, 0])
})
