import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedMap } from './bounded-map.ts'

test('the oldest goes when one too many comes, and is handed out', () => {
  const map = new BoundedMap<string, number>(2)

  const dropped = [map.set('a', 1), map.set('b', 2), map.set('a', 3), map.set('c', 4)]

  assert.deepEqual(dropped, [undefined, undefined, undefined, 3])
  assert.deepEqual([...map.values()], [2, 4])
  assert.deepEqual([map.has('a'), map.get('c'), map.size], [false, 4, 2])
})
