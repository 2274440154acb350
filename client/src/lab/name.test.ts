import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostOf, processOf, serverOf, shortWorker } from './name.ts'

test('a worker’s name of two parts is host and instance', () => {
  const name = '0123456789abcdef/2'

  assert.equal(shortWorker(name), '0123456789ab/2')
  assert.equal(hostOf(name), '0123456789abcdef')
  assert.equal(serverOf(name), '0123456789abcdef')
})

test('a worker’s name of three parts has the server’s id between them, and shows enough of it', () => {
  const name = '0123456789abcdef/7f3c9a1e/2'

  assert.equal(shortWorker(name), '0123456789ab/7f3c/2')
  assert.equal(hostOf(name), '0123456789abcdef')
  assert.equal(serverOf(name), '0123456789abcdef/7f3c9a1e')
})

test('two servers that share a host name are two, in what is shown as well', () => {
  const [one, other] = ['lab/aaaa1111/0', 'lab/bbbb2222/0']

  assert.notEqual(shortWorker(one), shortWorker(other))
  assert.notEqual(serverOf(one), serverOf(other))
  assert.equal(hostOf(one), hostOf(other))
})

test('a name without a slash is shown as it is', () => {
  assert.deepEqual([shortWorker('lab'), hostOf('lab'), serverOf('lab')], ['lab', 'lab', 'lab'])
})

test('two processes under one name are two', () => {
  assert.notEqual(processOf({ worker: 'lab/0', pid: 17 }), processOf({ worker: 'lab/0', pid: 18 }))
})
