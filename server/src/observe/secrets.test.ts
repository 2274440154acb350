import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMask, maskValue } from './secrets.ts'

const urls = [
  { url: 'redis://:s3cret@redis:6379', text: 'wrong s3cret' },
  { url: 'redis://user:s3cret@redis:6379', text: 'at redis://user:s3cret@redis:6379' },
  { url: 'redis://s3cret@redis:6379', text: 'hello s3cret' },
  { url: 'rediss://:s3cret%22%2Fx@redis', text: 's3cret%22%2Fx s3cret"/x s3cret\\"/x' },
]

for (const { url, text } of urls) {
  test(`the password of ${url} is in no text, however it is written`, () => {
    assert.doesNotMatch(createMask(url)(text), /s3cret/)
  })
}

test('the user and password of any URL are hidden, and paths and addresses are not', () => {
  const mask = createMask(undefined)

  assert.equal(mask('to https://u:p@ss@host/a?b=c@d'), 'to https://***@host/a?b=c@d')
  const stack = 'at file:///lab/node_modules/@types/x.js:1 (node_modules/ioredis/built/Redis.js:5)'
  assert.equal(mask(stack), stack)
})

test('a password that is a part of usual words hides none of them', () => {
  assert.equal(createMask('redis://:is@redis')('Redis is away'), 'Redis is away')
})

for (const value of [
  'redis:s3cret@host',
  'http://u:s3/c@r,et@host',
  'redis://h?password=s3cret',
  'a,u:s3cret@b',
]) {
  test(`of a value that could not be read, ${value}, no password is shown`, () => {
    assert.doesNotMatch(maskValue(value), /s3|cret/)
  })
}
