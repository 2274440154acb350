import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grid } from './grid.ts'

test('words stand to the left, figures to the right, and no line ends in spaces', () => {
  const lines = [
    ['script', 'side', 'lost'],
    ['quiet', 'broken', '7'],
    ['fanout', 'fixed', ''],
  ]

  assert.equal(grid(lines), 'script  side    lost\nquiet   broken     7\nfanout  fixed')
})

test('all columns can stand to the left', () => {
  assert.equal(
    grid(
      [
        ['a', 'b', 'cc'],
        ['aa', 'b', 'c'],
      ],
      Infinity,
    ),
    'a   b  cc\naa  b  c',
  )
})
