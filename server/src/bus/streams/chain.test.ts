import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { History, type Step } from '../../../test/support/model-history.ts'
import { Chain } from './chain.ts'

const by = fc.nat({ max: 2 })
const count = fc.integer({ min: 1, max: 5 })
const kind = <Kind extends string>(...kinds: Kind[]) => fc.constantFrom(...kinds)

const quiet = [
  { arbitrary: fc.record({ kind: kind('publish'), by, bytes: fc.integer({ min: 1, max: 9 }) }), weight: 8 },
  { arbitrary: fc.record({ kind: kind('answer', 'ask', 'take'), by, count }), weight: 12 },
  { arbitrary: fc.record({ kind: kind('askAll'), count }), weight: 1 },
  { arbitrary: fc.record({ kind: kind('foreign') }), weight: 1 },
  { arbitrary: fc.record({ kind: kind('clock'), ms: fc.integer({ min: -4, max: 4 }) }), weight: 3 },
]
const trims = { arbitrary: fc.record({ kind: kind('trim'), count }), weight: 2 }
const losses = [
  { arbitrary: fc.record({ kind: kind('rollBack'), changes: fc.integer({ min: 1, max: 12 }) }), weight: 2 },
  { arbitrary: fc.record({ kind: kind('loseEnd', 'flush') }), weight: 1 },
]
const histories = (steps: fc.WeightedArbitrary<Step>[]) => fc.array(fc.oneof(...steps), { maxLength: 60 })

async function played(steps: Step[], expectedMax = 1000): Promise<History> {
  const history = new History(expectedMax)
  await history.play(steps)
  fc.pre(!history.log.coincidence)
  return history
}

// fast-check prints the seed and the shortest history of a failure.
const runs = { numRuns: 3000 }

test('whatever happens to the log, an acknowledged event is handed over or a gap is told, and each gap is a real one', async () => {
  const expectedMax = fc.constantFrom(2, 1000)
  const property = fc.asyncProperty(
    histories([...quiet, trims, ...losses]),
    expectedMax,
    async (steps, max) => {
      const history = await played(steps, max)
      for (const reader of history.readers) history.checkPromise(reader)
    },
  )
  await fc.assert(property, runs)
})

test('where nothing is trimmed or lost, every worker is handed every event, and told of no gap but the beginning', async () => {
  const property = fc.asyncProperty(histories(quiet), async steps => {
    const { log, readers } = await played(steps)
    for (const { handed, gaps } of readers) {
      assert.deepEqual(
        handed,
        log.entries.filter(entry => entry.kind === 'event'),
      )
      assert.equal(gaps.length, 1)
    }
    assert.equal(log.markers, 0)
  })
  await fc.assert(property, runs)
})

test('what is trimmed is told to those that had not read it, and to nobody else where that can be told', async () => {
  const property = fc.asyncProperty(histories([...quiet, trims]), async steps => {
    const history = await played(steps)
    for (const reader of history.readers) history.checkPromise(reader)
    if (!history.readers.some(reader => reader.cannotTell)) assert.equal(history.log.markers, 0)
  })
  await fc.assert(property, runs)
})

test('past its bound of expected ids the chain announces a loss that it could not prove', () => {
  const chain = new Chain({ expectedMax: 2 })

  for (const id of ['1-0', '2-0']) chain.expect(id)
  assert.equal(chain.loss, undefined)
  chain.expect('3-0')

  assert.equal(chain.loss, '3-0')
})

test('an event that is acknowledged with the id of a foreign entry, which was read, is announced as lost', () => {
  const chain = new Chain()
  chain.next({ id: '9-0', after: '0-0', start: 0, end: 1 })
  chain.skip('10-0')

  chain.expect('9-0')
  assert.equal(chain.loss, undefined, 'that one was read')
  chain.expect('10-0')

  assert.equal(chain.loss, '10-0')
})

test('what is acknowledged counts as known before it is read, and after', () => {
  const chain = new Chain()
  chain.next({ id: '9-0', after: '0-0', start: 0, end: 1 })

  chain.expect('10-0')
  assert.equal(chain.highest, '10-0')
  chain.next({ id: '10-0', after: '9-0', start: 1, end: 2 })

  assert.equal(chain.highest, '10-0')
})
