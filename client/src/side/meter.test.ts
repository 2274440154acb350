import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Meter, secondsMax } from './meter.ts'

test('a second counts what it saw, and says its percentiles when it is over', () => {
  const meter = new Meter()
  meter.published(5100)
  for (let ms = 1; ms <= 100; ms += 1) meter.delivered(5200, ms)

  assert.deepEqual(meter.read(5900).at(-1), { published: 0, delivered: 0, p50: null, p99: null })
  assert.deepEqual(meter.read(6000).at(-1), { published: 1, delivered: 100, p50: 51, p99: 100 })
})

test('it keeps a minute', () => {
  const meter = new Meter()
  meter.published(1000)

  assert.equal(meter.read(2000).length, secondsMax)
  assert.equal(meter.read(2000 + 58_000).filter(({ published }) => published > 0).length, 1)
  assert.equal(meter.read(2000 + 60_000).filter(({ published }) => published > 0).length, 0)
})
