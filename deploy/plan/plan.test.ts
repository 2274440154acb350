import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { catalogue, constantNames, valuesOf, type ConstantName, type Values } from './constants.ts'
import { returnsOf } from './returns.ts'
import { designs, planFor, planWith, readingShare, type Plan, type Question } from './plan.ts'

const values = valuesOf(catalogue)
const million: Question = {
  streams: 1_000_000,
  topics: 1_000_000,
  eventsPerSecond: 16_667,
  eventBytes: 120,
  hostCores: 16,
  hostGib: 32,
}
const oneTopic: Question = { ...million, topics: 1, eventsPerSecond: 10 }

/** The plan with other values of some constants. */
const planIf = (question: Question, changed: Partial<Record<ConstantName, number>>) =>
  planFor(question, { ...values, ...changed })

test('each constant says its unit and where it is from', () => {
  assert.ok(constantNames.length > 30)
  for (const name of constantNames) {
    const { value, unit, source } = catalogue[name]
    assert.ok(value > 0 && unit !== '' && source !== '', name)
  }
})

test('deliveries are the events times the streams of a topic', () => {
  assert.equal(planFor(oneTopic, values).deliveriesPerSecond, 10_000_000)
  assert.equal(planFor(million, values).deliveriesPerSecond, 16_667)
})

test('busy cores follow from what a delivery, a heartbeat and a publish were measured to cost', () => {
  const { busyCores } = planFor(oneTopic, values)

  assert.equal(busyCores.deliveries, (1e7 * values.deliveryUs) / 1e6)
  assert.equal(busyCores.heartbeats, 1e6 * values.heartbeatCoreShare)
  assert.equal(busyCores.publishes, (10 * values.publishUs) / 1e6)
})

test('memory follows from what a stream takes in a worker, in nginx and in the kernel', () => {
  const { memoryGib } = planFor(million, values)
  const gib = (kib: number) => (million.streams * kib) / 1024 ** 2

  assert.equal(memoryGib.nginx.toFixed(6), gib(values.nginxStreamKib).toFixed(6))
  assert.equal(memoryGib.kernel.toFixed(6), gib(values.socketsOfStream * values.socketKib).toFixed(6))
  assert.ok(memoryGib.workers > gib(values.serverStreamKib))
})

const halfLost = (question: Question, busyMax: number, connectionsMax: number) => {
  const planned = planFor(question, { ...values, busyMax })
  return returnsOf(planned, { ...values, connectionsMax }).halfLost
}

test('a fleet that is as full as it may be does not fit on half of its hosts, and that is said', () => {
  assert.equal(halfLost(oneTopic, 0.7, 10_000).seconds, null)
  assert.equal(halfLost(million, 0.7, 10_000).seconds, null)
  assert.notEqual(halfLost(oneTopic, 0.35, 10_000).seconds, null)
  assert.notEqual(halfLost(million, 0.7, 25_000).seconds, null)
})

const retryMaxS = (plan: Plan, its: Values) => returnsOf(plan, its).fittedRetryMaxS
const perConstant: [ConstantName, (plan: Plan, its: Values) => number][] = [
  ['deliveryUs', ({ workers }) => workers],
  ['nginxDeliveryUs', ({ busyCores }) => busyCores.nginx],
  ['nginxStreamKib', ({ memoryGib }) => memoryGib.total],
  ['redisReadUs', ({ redisCore }) => redisCore.inBatches],
  ['redisReadAloneUs', ({ redisCore }) => redisCore.alone],
  ['returnUs', retryMaxS],
  ['nginxOpenUs', retryMaxS],
  ['packetBytes', ({ clientsGbit }) => clientsGbit],
  ['coreHourUsd', ({ monthUsd }) => monthUsd.hosts],
  ['egressGbUsd', ({ monthUsd }) => monthUsd.traffic],
]
for (const [name, result] of perConstant) {
  test(`twice ${name} makes its result larger`, () => {
    const its = { ...values, [name]: 2 * values[name] }

    assert.ok(result(planFor(oneTopic, its), its) > result(planFor(oneTopic, values), values))
  })
}

test('reading the log costs a worker what was measured, and a line between two points', () => {
  assert.equal(readingShare(1000), 0.19)
  assert.equal(readingShare(2000), 0.19)
  assert.equal(readingShare(250).toFixed(3), '0.118')
  assert.ok(readingShare(20_000) > 1)
})

test('a topic for each stream cannot do with one log: its readers fill a Redis', () => {
  const one = planWith('one', million, values)

  assert.equal(one.fits, false)
  assert.ok(one.redisCore.inBatches > 5, 'docs/scale.md: 5.8 cores, and it has one')
  assert.equal(planFor(million, values).design, 'partitions')
})

test('one topic for ten million streams can, because its events are few', () => {
  const plan = planFor({ ...oneTopic, streams: 10_000_000 }, values)

  assert.equal(plan.design, 'one')
  assert.ok(plan.redisCore.inBatches < 0.1)
})

test('a topic is in one log, so that more logs do not help a topic that fills one', () => {
  const hot = { ...oneTopic, streams: 10_000, eventsPerSecond: 20_000 }

  assert.equal(planFor(hot, values).fits, false)
  for (const design of designs) assert.equal(planWith(design, hot, values).fits, false, design)
})

test('the limits are named, fullest first, and one that is over says what to set', () => {
  const { limits } = planFor(million, values)

  const used = limits.map(limit => limit.used)
  assert.deepEqual(
    used,
    used.toSorted((a, b) => b - a),
  )
  assert.match(limits[0]?.name ?? '', /ephemeral ports/)
  for (const { name, need, bound, remedy, used: share } of limits)
    assert.ok(Number.isFinite(need) && bound > 0 && remedy !== '' && share === need / bound, name)
})

test('a limit that is raised no longer breaks first', () => {
  const { limits } = planIf(million, { portsOfAddress: 1_000_000, conntrackMax: 4_000_000 })

  assert.ok(!/ports|conntrack/.test(limits[0]?.name ?? ''))
})

test('hosts carry the load while one of them is away', () => {
  for (const question of [million, oneTopic]) {
    const { hosts, workers, workersPerHost } = planFor(question, values)
    assert.ok(workersPerHost * (hosts - 1) >= workers)
  }
})

const questions = fc.record({
  streams: fc.integer({ min: 1, max: 20_000_000 }),
  topics: fc.integer({ min: 1, max: 20_000_000 }),
  eventsPerSecond: fc.double({ min: 0, max: 100_000, noNaN: true }),
  eventBytes: fc.integer({ min: 1, max: 65_536 }),
  hostCores: fc.integer({ min: 2, max: 128 }),
  hostGib: fc.integer({ min: 4, max: 512 }),
})
// Not the masters: the workers of the spare host read, too, and of a small fleet it is a larger share.
const needs: (keyof Plan)[] = ['workers', 'hosts', 'cells', 'clientsGbit']

test('with the same layout of the log, more streams never need less', () => {
  fc.assert(
    fc.property(
      questions,
      fc.constantFrom(...designs),
      fc.integer({ min: 1, max: 10 }),
      (question, design, more) => {
        const plan = planWith(design, question, values)
        const larger = planWith(design, { ...question, streams: question.streams * more }, values)
        for (const need of needs) assert.ok(Number(larger[need]) >= Number(plan[need]), need)
        for (const part of ['workers', 'nginx', 'kernel'] as const)
          assert.ok(larger.memoryGib[part] >= plan.memoryGib[part], part)
      },
    ),
    { numRuns: 300 },
  )
})

test('with the same layout of the log, more events never need less', () => {
  fc.assert(
    fc.property(
      questions,
      fc.constantFrom(...designs),
      fc.integer({ min: 1, max: 10 }),
      (question, design, more) => {
        const plan = planWith(design, question, values)
        const larger = planWith(
          design,
          { ...question, eventsPerSecond: question.eventsPerSecond * more },
          values,
        )
        for (const need of needs) assert.ok(Number(larger[need]) >= Number(plan[need]), need)
        assert.ok(larger.redisCore.inBatches >= plan.redisCore.inBatches)
      },
    ),
    { numRuns: 300 },
  )
})

test('no figure of any plan is negative or not a number', () => {
  fc.assert(
    fc.property(questions, question => {
      const text = JSON.stringify(planFor(question, values), (key, value: unknown) => {
        if (typeof value === 'number' && !(value >= 0)) assert.fail(`${key}: ${value}`)
        return value
      })
      assert.ok(text.length > 100)
    }),
    { numRuns: 100 },
  )
})
