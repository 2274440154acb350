import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goCounts } from './go-tests.ts'

const lines: [string, number, ReturnType<typeof goCounts>][] = [
  ['DONE 234 tests in 12.256s', 0, { passed: 234, failed: 0, skipped: 0 }],
  ['DONE 10 tests, 1 skipped in 0.1s', 0, { passed: 9, failed: 0, skipped: 1 }],
  ['DONE 10 tests, 2 skipped, 3 failures in 1.0s', 1, { passed: 5, failed: 3, skipped: 2 }],
  ['DONE 10 tests, 1 failure, 1 error in 1.0s', 1, { passed: 9, failed: 2, skipped: 0 }],
  ['DONE 1 test in 1.0s', 2, { passed: 1, failed: 1, skipped: 0 }],
]
for (const [line, code, counts] of lines) {
  test(`the counts of "${line}", ended with ${code}`, () => {
    assert.deepEqual(goCounts(line, code), counts)
  })
}

test('a run without tests is an error', () => {
  assert.throws(() => goCounts('DONE 0 tests in 0.1s', 0), /no test in sse-lab\/k6:tests/)
  assert.throws(() => goCounts('docker: no such image', 125), /no test.*docker: no such image/)
})
