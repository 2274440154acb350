import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { cases } from '@sse-lab/conformance/kit/cases.ts'
import { readOptions } from '@sse-lab/conformance/kit/options.ts'
import { resultText } from '@sse-lab/conformance/kit/report.ts'
import { runCases } from '@sse-lab/conformance/kit/run.ts'
import { fixed, stackReady } from '@sse-lab/testkit/stack.ts'

before(async () => {
  await stackReady()
})

const ways: [how: string, url: string][] = [
  ['through nginx', fixed],
  ['without nginx', 'http://server:3000'],
]
for (const [how, url] of ways) {
  test(`the fixed side passes the conformance kit whole ${how}`, async () => {
    const options = readOptions(['--url', url, '--origin', 'http://localhost:8080'])

    const results = await runCases(cases, options, () => undefined)

    const failed = results.filter(({ outcome }) => outcome === 'FAIL').map(resultText)
    assert.deepEqual(failed, [])
    // Every need of a case is met here but one: a bus has a history, or it has none.
    const skipped = results
      .filter(({ outcome }) => outcome === 'skip')
      .flatMap(({ case: { needs = [] } }) => needs)
    assert.ok(!(skipped.includes('history') && skipped.includes('no-history')), skipped.join(' '))
    assert.ok(!skipped.includes('origin'))
  })
}
