import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ModelLog } from '../../../test/support/model-log.ts'
import { Chain } from './chain.ts'
import { compareIds } from './ids.ts'
import { Markers } from './markers.ts'

/** A worker that has read the log to its end, and its markers. */
function open(log: ModelLog) {
  const chain = new Chain()
  for (const { link } of log.after('0-0', 100)) chain.next(link)
  const redisLog = {
    mark: async (id: string, seenAt: string) => log.mark(id, seenAt),
    lastId: async () => log.lastId,
    dropQuarter: async () => 0,
  }
  const facts = { rolledBack: { happened: () => undefined } }
  return { chain, redisLog, markers: new Markers({ redisLog, chain, facts }) }
}

function logOf(events: number): ModelLog {
  const log = new ModelLog()
  for (let n = 0; n < events; n += 1) log.publish(10)
  return log
}

test('a log that ends below what a worker knows goes on above it, whatever the clock', async () => {
  const log = logOf(3)
  const { chain, markers } = open(log)
  log.clock -= 50
  log.rollBack(2)

  await markers.check()
  const { id } = log.publish(10).link

  assert.ok(compareIds(id, chain.highest) > 0, id)
})

test('a log that was emptied, and remembers a higher id than is known, gets a marker as of now', async () => {
  const log = logOf(1)
  const { chain, markers } = open(log)
  log.publish(10)
  log.deleteAll()

  await markers.check()

  assert.equal(log.markers, 1)
  assert.ok(compareIds(log.lastId, chain.highest) > 0)
})

test('an event that is published while the log is looked at is no loss', async () => {
  const log = logOf(1)
  const { chain, redisLog, markers } = open(log)
  redisLog.lastId = async () => {
    const last = log.lastId
    chain.expect(log.publish(10).link.id)
    return last
  }

  await markers.check()

  assert.equal(log.markers, 0)
})

test('out of memory, room is made for a marker', async () => {
  const log = logOf(1)
  const { chain, redisLog, markers } = open(log)
  let isFull = true
  redisLog.dropQuarter = async () => {
    isFull = false
    return 1
  }
  redisLog.mark = async (id, seenAt) => {
    if (isFull) throw Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' })
    return log.mark(id, seenAt)
  }
  log.flush()

  await markers.check()

  assert.ok(compareIds(log.lastId, chain.highest) > 0)
})

test('a loss is announced once, and not where another worker was faster', async () => {
  const log = logOf(1)
  const [one, two] = [open(log), open(log)]
  const lost = log.publish(10)
  log.rollBack(1)
  log.clock += 1
  const next = log.publish(10)
  for (const { chain } of [one, two]) {
    chain.expect(lost.link.id)
    assert.equal(chain.next(next.link).kind, 'missing')
  }

  for (const { markers } of [one, two, one, two]) await markers.announceLoss()

  assert.equal(log.markers, 1)
})

for (const [name, hasOne] of [
  ['of its own', false],
  ['of another worker', true],
] as const) {
  test(`a marker ${name} that Redis loses before a worker has read it is added again`, async () => {
    const log = logOf(1)
    const { chain, markers } = open(log)
    const lost = log.publish(10)
    log.rollBack(1)
    log.clock += 1
    chain.expect(lost.link.id)
    assert.equal(chain.next(log.publish(10).link).kind, 'missing')
    if (hasOne) log.mark('*', log.lastId)

    await markers.announceLoss()
    log.rollBack(2) // the entry, and the key that says where it is
    log.clock += 1
    assert.equal(chain.next(log.publish(10).link).kind, 'missing')
    await markers.announceLoss()

    assert.equal(log.markers, 2)
  })
}

test('a loss that is seen while another is announced is announced, too', async () => {
  const log = logOf(1)
  const { chain, redisLog, markers } = open(log)
  chain.next({ ...log.publish(10).link, after: '1-0' })
  redisLog.mark = async (id, seenAt) => {
    chain.next({ ...log.publish(10).link, after: '1-0' })
    return log.mark(id, seenAt)
  }

  await markers.announceLoss()

  assert.notEqual(chain.loss, undefined)
})
