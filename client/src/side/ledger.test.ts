import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, type Counts } from './ledger.ts'

const due = [
  { stream: 1, heldBy: 'a/0' },
  { stream: 2, heldBy: 'a/1' },
]
const x = { id: '11-0', seq: 1, publishedBy: 'a/0' }
const y = { id: '12-0', seq: 2, publishedBy: 'a/0' }

/** A ledger whose two streams are open. */
function openLedger(bus = 'streams', id = bus === 'streams' ? '10-0' : '', eventsMax?: number): Ledger {
  const ledger = new Ledger(eventsMax)
  for (const { stream } of due) ledger.greet(stream, bus, id, 0)
  return ledger
}

const fate = ({ delivered, behind, lost }: Counts) => ({ delivered, behind, lost })

test('what every stream got is delivered, before the acknowledgement or after it', () => {
  const ledger = openLedger()
  ledger.receive(1, x.id, 1)
  ledger.acknowledge(x, due, 'streams', 0)
  ledger.receive(2, x.id, 1)

  const { published, delivered, lost, predicted } = ledger.count(10_000)
  assert.deepEqual(
    { published, delivered, lost, predicted },
    { published: 1, delivered: 2, lost: 0, predicted: 0 },
  )
})

test('with the memory bus the streams of other workers are predicted to lose it, and it counts as lost after a second', () => {
  const ledger = openLedger('memory')
  ledger.acknowledge(x, due, 'memory', 0)
  ledger.receive(1, x.id, 1)

  const { due: dueAtOnce, lost: lostAtOnce } = ledger.count(999)
  assert.deepEqual([dueAtOnce, lostAtOnce], [0, 0])
  const { due: dueAfter, delivered, lost, predicted } = ledger.count(1000)
  assert.deepEqual([dueAfter, delivered, lost, predicted], [2, 1, 1, 1])
})

test('with the memory bus a later event of this tab tells the loss at once', () => {
  const ledger = openLedger('memory')
  ledger.acknowledge(x, due, 'memory', 0)
  ledger.receive(1, x.id, 1)
  ledger.acknowledge(y, due, 'memory', 10)
  ledger.receive(1, y.id, 2)
  ledger.receive(2, y.id, 2)

  assert.deepEqual(fate(ledger.count(20)), { delivered: 3, behind: 0, lost: 1 })
})

test('with the memory bus a stream that is cut is behind until it is open again, and has lost it then', () => {
  const ledger = openLedger('memory')
  ledger.acknowledge(x, due.slice(0, 1), 'memory', 0)
  ledger.leave(1)
  const away = ledger.count(60_000)

  ledger.greet(1, 'memory', '', 60_000)

  assert.deepEqual(fate(away), { delivered: 0, behind: 1, lost: 0 })
  assert.deepEqual(fate(ledger.count(60_000)), { delivered: 0, behind: 0, lost: 1 })
})

test('with a log a stream that was cut is behind, at every moment, until its replay has brought what it missed', () => {
  const ledger = openLedger()
  ledger.leave(1)
  for (const event of [x, y]) {
    ledger.acknowledge(event, due, 'streams', 0)
    ledger.receive(2, event.id, event.seq)
  }
  const seen = [ledger.count(60_000)]
  ledger.greet(1, 'streams', '10-0', 60_000)
  seen.push(ledger.count(120_000))
  ledger.receive(1, x.id, x.seq)
  seen.push(ledger.count(120_000))
  ledger.receive(1, y.id, y.seq)
  seen.push(ledger.count(120_000))

  assert.deepEqual(
    seen.map(({ delivered, behind, lost }) => [delivered, behind, lost]),
    [
      [2, 2, 0],
      [2, 2, 0],
      [3, 1, 0],
      [4, 0, 0],
    ],
  )
})

test('with a log a gap, or a heartbeat beyond the event, tells the loss', () => {
  const ledger = openLedger()
  ledger.acknowledge(x, due, 'streams', 0)
  ledger.acknowledge(y, due, 'streams', 0)
  assert.deepEqual(fate(ledger.count(60_000)), { delivered: 0, behind: 4, lost: 0 })

  ledger.reach(1, x.id)
  ledger.reach(2, '13-0')

  assert.deepEqual(fate(ledger.count(60_000)), { delivered: 0, behind: 1, lost: 3 })
})

test('a heartbeat that was faster than the acknowledgement counts, too', () => {
  const ledger = openLedger()
  ledger.reach(1, x.id)

  ledger.acknowledge(x, due.slice(0, 1), 'streams', 0)

  assert.equal(ledger.count(0).lost, 1)
})

test('what was lost stays lost while its stream is away', () => {
  const ledger = openLedger('memory')
  ledger.acknowledge(x, due, 'memory', 0)
  assert.equal(ledger.count(2000).lost, 2)

  ledger.leave(1)

  assert.equal(ledger.count(3000).lost, 2)
})

test('a delivery that comes late is no longer lost', () => {
  const ledger = openLedger()
  ledger.acknowledge(x, due, 'streams', 0)
  ledger.receive(1, x.id, 1)
  ledger.reach(2, '13-0')
  assert.equal(ledger.count(5000).lost, 1)

  ledger.receive(2, x.id, 1)

  assert.equal(ledger.count(5000).lost, 0)
})

test('doubles and disorder are told apart, and neither hides a loss', () => {
  const ledger = openLedger()
  ledger.acknowledge(x, due, 'streams', 0)
  ledger.acknowledge(y, due, 'streams', 0)
  ledger.receive(1, y.id, 2)
  ledger.receive(1, x.id, 1)
  ledger.receive(1, x.id, 1)
  ledger.reach(2, '13-0')

  const { duplicate, outOfOrder, lost, delivered } = ledger.count(5000)
  assert.deepEqual(
    { duplicate, outOfOrder, lost, delivered },
    { duplicate: 1, outOfOrder: 2, lost: 2, delivered: 2 },
  )
})

test('a stream that was not open when an event was sent is owed nothing', () => {
  const ledger = openLedger()
  ledger.acknowledge(x, due.slice(0, 1), 'streams', 0)
  ledger.receive(1, x.id, 1)
  ledger.receive(2, x.id, 1)

  const counts = ledger.count(5000)
  assert.deepEqual([counts.due, counts.delivered, counts.lost, counts.duplicate], [1, 1, 0, 0])
})

test('past its bound the ledger keeps what is lost, and what is behind is no longer due', () => {
  const ledger = openLedger('streams', '10-0', 1)
  ledger.reach(1, x.id)
  ledger.acknowledge(x, due, 'streams', 0)
  assert.deepEqual(fate(ledger.count(1000)), { delivered: 0, behind: 1, lost: 1 })

  ledger.acknowledge(y, due, 'streams', 0)

  const counts = ledger.count(1000)
  assert.deepEqual([counts.due, counts.lost, counts.behind], [3, 1, 2])
})

test('whatever happens in whatever order, each due delivery is delivered, behind or lost, and none is counted twice', () => {
  const ledger = openLedger()
  // A linear congruential generator: the same thousand steps each time.
  let state = 1
  const below = (max: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * max)
  }
  let seq = 0
  for (let step = 0; step < 1000; step += 1) {
    const stream = 1 + below(2)
    const some = below(seq + 1)
    const acts = [
      () => ledger.acknowledge({ id: `${(seq += 1)}-0`, seq, publishedBy: 'a/0' }, due, 'streams', step),
      () => ledger.receive(stream, `${some}-0`, some),
      () => ledger.reach(stream, `${some}-0`),
      () => ledger.leave(stream),
      () => ledger.greet(stream, 'streams', `${some}-0`, step),
    ]
    acts[below(acts.length)]?.()
    const { due: owed, delivered, behind, lost } = ledger.count(step)
    assert.equal(delivered + behind + lost, owed)
    assert.ok(Math.min(delivered, behind, lost) >= 0, `step ${step}: ${delivered} ${behind} ${lost}`)
  }
  assert.ok(ledger.count(1000).due > 300, 'enough was published to mean something')
})

test('an event counts for all its streams at once: in the first second not at all, unless it is everywhere', () => {
  const ledger = openLedger()
  ledger.acknowledge(x, due, 'streams', 0)
  ledger.receive(1, x.id, 1)
  const underWay = ledger.count(500)
  ledger.receive(2, x.id, 1)

  assert.deepEqual([underWay.published, underWay.due, underWay.delivered], [1, 0, 0])
  assert.deepEqual(fate(ledger.count(500)), { delivered: 2, behind: 0, lost: 0 })
})

test('what a stream missed while it was away is counted: replayed with a log, lost without one', () => {
  const [fixed, broken] = [openLedger(), openLedger('memory')]
  for (const [ledger, bus] of [
    [fixed, 'streams'],
    [broken, 'memory'],
  ] as const) {
    ledger.leave(1)
    ledger.acknowledge(x, due, bus, 100)
    ledger.greet(1, bus, bus === 'streams' ? '10-0' : '', 1200)
  }
  fixed.receive(1, x.id, 1)
  broken.count(5000)

  assert.deepEqual(fixed.missed(1), { replayed: 1, lost: 0 })
  assert.deepEqual(broken.missed(1), { replayed: 0, lost: 1 })
  assert.deepEqual(broken.missed(2), { replayed: 0, lost: 0 }, 'it was never away')
})

test('what a stream gets live in the moment of its return is neither replayed nor lost, whichever the tab hears first', () => {
  const ledger = openLedger('memory')
  ledger.leave(1)
  ledger.acknowledge(x, due, 'memory', 1000)
  ledger.greet(1, 'memory', '', 1001)
  const underWay = ledger.count(1010)
  ledger.receive(1, x.id, 1)

  assert.equal(underWay.lost, 0)
  assert.deepEqual(ledger.missed(1), { replayed: 0, lost: 0 })
})

test('a stream that is no longer wanted is owed nothing more', () => {
  const ledger = openLedger()
  ledger.leave(1)
  ledger.acknowledge(x, due, 'streams', 0)
  ledger.receive(2, x.id, 1)

  ledger.forget(1)

  const counts = ledger.count(5000)
  assert.deepEqual([counts.due, counts.delivered, counts.behind], [1, 1, 0])
})

test('a stream is marked by the newest event that is decided for it', () => {
  const ledger = openLedger('memory')
  ledger.acknowledge(x, due, 'memory', 0)
  ledger.receive(1, x.id, 1)
  const first = ledger.marks(1000)
  ledger.acknowledge(y, due, 'memory', 1000)
  ledger.receive(2, y.id, 2)

  assert.deepEqual(
    [...first].toSorted(([a], [b]) => a - b),
    [
      [1, 'got'],
      [2, 'lost'],
    ],
  )
  assert.deepEqual(
    [...ledger.marks(2000)].toSorted(([a], [b]) => a - b),
    [
      [1, 'lost'],
      [2, 'got'],
    ],
  )
})
