import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './config.ts'
import { createMask } from './observe/secrets.ts'
import { readOptions } from './options.ts'
import { isRedisUrl, splitRedisUrls } from './redis-url.ts'

const three = 'redis://a:1,redis://b:2,redis://c'

test('without a mode Redis is one server', () => {
  assert.equal(readConfig({ REDIS_URL: 'redis://a' }).redisMode, 'single')
  assert.equal(readOptions({ redis: 'redis://a' }).redisMode, 'single')
})

for (const mode of ['sentinel', 'cluster'] as const) {
  test(`${mode} takes several addresses, or one`, () => {
    for (const url of [three, 'redis://a']) {
      const { redisMode, redisUrl } = readConfig({ REDIS_URL: url, REDIS_MODE: mode })
      assert.deepEqual([redisMode, redisUrl], [mode, url])
      assert.equal(readOptions({ redis: url, redisMode: mode }).redis, url)
    }
  })
}

const wrong: [what: string, env: Record<string, string>, says: RegExp][] = [
  ['several addresses of one server', { REDIS_URL: three }, /REDIS_URL must be one address/],
  [
    'passwords that differ',
    { REDIS_URL: 'redis://:s3cret@a,redis://:s4cret@b', REDIS_MODE: 'sentinel' },
    /REDIS_URL must be addresses that differ in host and port alone/,
  ],
  [
    'a database in a cluster',
    { REDIS_URL: 'redis://a/1', REDIS_MODE: 'cluster' },
    /REDIS_URL must be without/,
  ],
  ['no address', { REDIS_MODE: 'cluster' }, /REDIS_URL is missing \(REDIS_MODE=cluster/],
  ['Pub/Sub in a cluster', { REDIS_URL: three, REDIS_MODE: 'cluster', BUS: 'pubsub' }, /BUS must be streams/],
  [
    'something to confirm without a log',
    { REDIS_URL: 'redis://a', BUS: 'pubsub', CONFIRM: '1' },
    /CONFIRM must be 0 unless BUS is streams/,
  ],
  [
    'several logs without a log',
    { REDIS_URL: 'redis://a', BUS: 'pubsub', PARTITIONS: '2' },
    /PARTITIONS must be 1 unless BUS is streams/,
  ],
  ['more logs than an id can name', { PARTITIONS: '65' }, /PARTITIONS must be an integer 1-64/],
  [
    'an event that a share of the log could not hold',
    { REDIS_URL: 'redis://a', PARTITIONS: '12', LOG_BYTES_MAX: '600000' },
    /EVENT_BYTES_MAX must be at most a 12th of LOG_BYTES_MAX/,
  ],
  ['more replicas than anybody has', { CONFIRM: '6' }, /CONFIRM must be an integer 0-5/],
  [
    'an unknown mode',
    { REDIS_URL: three, REDIS_MODE: 'ring' },
    /REDIS_MODE must be single, sentinel, cluster/,
  ],
  ['a name with a space', { REDIS_MASTER: 'my master' }, /REDIS_MASTER must be the name/],
  [
    'one address of three that is none',
    { REDIS_URL: 'redis://a,redis://,redis://c' },
    /REDIS_URL must be a URL/,
  ],
]
for (const [what, env, says] of wrong) {
  test(`${what}: refused, without a password`, () => {
    assert.throws(
      () => readConfig(env),
      (error: unknown) => {
        assert.match(String(error), says)
        assert.doesNotMatch(String(error), /s[34]cret/)
        return true
      },
    )
    const { REDIS_URL: redis, REDIS_MODE: redisMode, BUS: bus, REDIS_MASTER: redisMaster } = env
    const number = (name: string) => (env[name] === undefined ? undefined : Number(env[name]))
    const numbers = {
      confirm: number('CONFIRM'),
      partitions: number('PARTITIONS'),
      logBytesMax: number('LOG_BYTES_MAX'),
    }
    assert.throws(
      // As somebody without types would write it.
      () => Reflect.apply(readOptions, undefined, [{ redis, redisMode, bus, redisMaster, ...numbers }]),
      { name: 'OptionsError' },
    )
  })
}

test('a comma may be a part of a password', () => {
  assert.deepEqual(splitRedisUrls('redis://:a,b@h,redis://:a,b@i'), ['redis://:a,b@h', 'redis://:a,b@i'])
  assert.ok(isRedisUrl('redis://:a,b@h'))
})

test('the password of no address is shown', () => {
  const mask = createMask('redis://u:s3cret@a,redis://u:s4cret@b')

  assert.equal(mask('s3cret s4cret'), '*** ***')
})
