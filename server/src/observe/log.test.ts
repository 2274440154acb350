import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from './log.ts'

const secret = 's3cret/"word'

function open() {
  const lines: string[] = []
  const redisUrl = `redis://user:${encodeURIComponent(secret)}@redis:6379`
  const log = openLog(
    { logLevel: 'info', redisUrl },
    { worker: 'a/b/0', pid: 1 },
    { write: line => void lines.push(line) },
  )
  return { log, lines }
}

test('an error of ioredis is logged without the arguments of its command, with its code and causes', () => {
  const { log, lines } = open()
  const answer = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
    name: 'ReplyError',
    command: { name: 'auth', args: ['user', secret] },
  })
  const refused = Object.assign(new Error('connect ECONNREFUSED', { cause: answer }), {
    code: 'ECONNREFUSED',
  })

  log.warn({ err: refused }, 'Redis is away')

  const { err } = JSON.parse(lines[0] ?? '')
  assert.deepEqual(
    [err.type, err.message, err.code, err.cause.type, err.cause.message],
    [
      'Error',
      'connect ECONNREFUSED',
      'ECONNREFUSED',
      'ReplyError',
      'WRONGPASS invalid username-password pair',
    ],
  )
  assert.match(err.cause.stack, /log\.test\.ts/)
  assert.doesNotMatch(lines.join(''), /args|command/)
})

test('the password is masked wherever it stands in a line, which stays JSON', () => {
  const { log, lines } = open()

  log.info(
    { url: `redis://user:${secret}@redis`, text: `with ${secret}` },
    `and ${encodeURIComponent(secret)}`,
  )
  log.error(new Error(`at redis://user:${encodeURIComponent(secret)}@redis`))

  assert.equal(lines.length, 2)
  for (const line of lines) assert.equal(typeof JSON.parse(line).msg, 'string')
  assert.doesNotMatch(lines.join(''), /s3cret/)
})

test('an error without a message of its own says those of its parts, and circles of causes end', () => {
  const { log, lines } = open()
  const circle = new Error('round')
  circle.cause = circle

  log.warn({ err: new AggregateError([new Error('to ::1'), new Error('to 127.0.0.1')], '') }, 'x')
  log.warn({ err: circle }, 'x')

  assert.equal(JSON.parse(lines[0] ?? '').err.message, 'to ::1; to 127.0.0.1')
  assert.match(lines[1] ?? '', /round/)
})
