import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError, readOptions } from './options.ts'

const options = (...args: string[]) => readOptions(args, path => `file ${path}`)

test('an address is enough', () => {
  const { through, direct, quietMs } = options('--url', 'http://a.example/events')

  assert.equal(through.url.href, 'http://a.example/events')
  assert.equal(through.method, 'GET')
  assert.equal(direct, undefined)
  assert.equal(quietMs, 75_000)
})

test('headers are sent to both addresses, and win over the usual ones', () => {
  const { through, direct } = options(
    '--url=http://a/e',
    '--direct=http://b/e',
    '--header=Authorization: Bearer x',
    '--header=Accept: */*',
  )

  assert.equal(through.headers.authorization, 'Bearer x')
  assert.equal(direct?.headers.accept, '*/*')
})

test('a body makes it a POST, as JSON where it looks like it', () => {
  const { through } = options('--url', 'http://a/e', '--body', '{"stream":true}')

  assert.equal(through.method, 'POST')
  assert.equal(through.headers['content-type'], 'application/json')
})

test('the server’s count of streams is an address of it, and QUICK has no time for it', () => {
  const given = ['--url=https://a/e', '--direct=http://b:3000/e', '--count=/metrics sse_connections']

  assert.equal(options(...given).count?.url.href, 'http://b:3000/metrics')
  assert.equal(options(...given).leaveMs, 35_000)
  assert.equal(options(...given, '--quick').leaveMs, 0)
  assert.throws(
    () => options('--url=http://a/e', '--count=streams'),
    /--count must be like .*: it is no address/,
  )
})

test('publishing is a request to the same server, or a command', () => {
  const request = options('--url', 'http://a/e', '--publish', 'POST /pub {"d":"{data}"}').publish
  const command = options('--url', 'http://a/e', '--publish', 'curl -d "{data}" http://a/pub').publish

  assert.equal(request?.how === 'request' && request.url.href, 'http://a/pub')
  assert.equal(command?.how, 'command')
})

test('what cannot be is refused with the argument’s name', () => {
  for (const [args, pattern] of [
    [[], /--url is missing/],
    [['--url', 'localhost:8080'], /--url must be the address/],
    [['--url', 'http://u:p@a/e'], /must not hold a password/],
    [['--url', 'http://a/e', '--header', 'nonsense'], /--header must be like/],
    [['--url', 'http://a/e', '--quiet', 'long'], /--quiet must be a time/],
    [['--url', 'http://a/e', '--publish', 'POST /x {}'], /no \{data\}/],
    [['--url', 'http://a/e', '--nope'], /--nope/],
  ] as [string[], RegExp][]) {
    assert.throws(
      () => options(...args),
      error => error instanceof OptionError && pattern.test(error.message),
    )
  }
})
