import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addUp } from './figures.ts'

const text = `# HELP process_cpu_seconds_total Total
process_cpu_seconds_total{worker="a/0"} 1.5
process_cpu_seconds_total{worker="b/0"} 2
process_resident_memory_bytes{worker="a/0"} 100
sse_connections{worker="a/0"} 7
sse_connections_opened_total{worker="a/0"} 9
sse_events_delivered_total{worker="a/0"} 40
`

test('only the named workers are added up; without names all are', () => {
  assert.deepEqual(addUp(text, ['a/0']), { connections: 7, delivered: 40, cpuS: 1.5, rssBytes: 100 })
  assert.equal(addUp(text, []).cpuS, 3.5)
})
