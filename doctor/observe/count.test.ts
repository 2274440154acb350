import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberIn, readCount } from './count.ts'

test('a path belongs to the server that is asked, and a name may follow', () => {
  const base = new URL('http://127.0.0.1:3000/events')

  assert.deepEqual(readCount('/metrics sse_connections', base), {
    url: new URL('http://127.0.0.1:3000/metrics'),
    name: 'sse_connections',
  })
  assert.equal(readCount('http://other.example/count', base).url.host, 'other.example')
  assert.throws(() => readCount('sse_connections', base), /no address/)
})

test('a metric is the sum of its lines, and of no other metric’s', () => {
  const text = `# HELP sse_connections Open streams
sse_connections{worker="a"} 3
sse_connections{worker="b"} 4
sse_connections_opened_total{worker="a"} 100
plain 5
`

  assert.equal(numberIn(text, 'sse_connections'), 7)
  assert.equal(numberIn(text, 'plain'), 5)
  assert.equal(numberIn(text, 'missing'), undefined)
  assert.equal(numberIn('{"streams": 12, "rooms": 3}', undefined), 12)
})
