import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

test('without variables it is the memory bus on port 3000', () => {
  const config = readConfig({})

  assert.deepEqual(
    [config.bus, config.port, config.heartbeatMs, config.streamMs],
    ['memory', 3000, 15_000, 1_800_000],
  )
})

test('with REDIS_URL the default bus is streams', () => {
  const config = readConfig({ REDIS_URL: 'redis://redis:6379' })

  assert.equal(config.bus, 'streams')
})

test('an empty variable counts as absent', () => {
  const config = readConfig({ PORT: '', REDIS_URL: '', CORS_ORIGINS: '' })

  assert.deepEqual([config.port, config.redisUrl, config.corsOrigins], [3000, undefined, []])
})

test('one error lists every bad variable with its value', () => {
  const bad = {
    PORT: '80a',
    WORKERS: '0',
    BUS: 'kafka',
    LOG_LEVEL: 'loud',
    SOCKET: 'run/server.sock',
    CORS_ORIGINS: 'a,b',
  }

  assert.throws(
    () => readConfig(bad),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError)
      for (const [name, value] of Object.entries(bad))
        assert.match(error.message, new RegExp(`${name} must .*"${value}"`))
      return true
    },
  )
})

test('variables that disagree are listed beside those that are bad by themselves', () => {
  const bad = {
    BUS: 'pubsub',
    PORT: '-1',
    RETRY_MS_MIN: '9',
    RETRY_MS_MAX: '8',
    EVENT_BYTES_MAX: '600',
    BUFFERED_BYTES_MAX: '1024',
  }

  assert.throws(
    () => readConfig(bad),
    /PORT must.*REDIS_URL is missing.*RETRY_MS_MIN must be at most RETRY_MS_MAX.*EVENT_BYTES_MAX must be at most half of BUFFERED/,
  )
})

const issuers = '[{"issuer":"https://id.example","audience":"sse","jwks":"/run/jwks.json"}]'
const jwt = {
  AUTH: 'jwt',
  AUTH_ISSUERS: issuers,
  ADMIN_PORT: '3001',
  REDIS_URL: 'redis://redis:6379',
  BIND: '0.0.0.0',
}

test('access control needs whose tokens count, a place for tickets, and a port for operators', () => {
  const { auth, authIssuers, adminPort, adminBind } = readConfig(jwt)
  assert.deepEqual([auth, authIssuers?.length, adminPort, adminBind], ['jwt', 1, 3001, '127.0.0.1'])
  for (const name of ['AUTH_ISSUERS', 'ADMIN_PORT', 'REDIS_URL'])
    assert.throws(
      () => readConfig({ ...jwt, [name]: '' }),
      new RegExp(`${name} is missing \\(AUTH=jwt`),
      name,
    )
})

test('without access control the server wants consent to be reached from other machines', () => {
  for (const reached of [{ BIND: '0.0.0.0' }, { BIND: '192.0.2.1' }, { BIND: '::' }]) {
    assert.throws(() => readConfig(reached), /OPEN/)
    assert.throws(() => readConfig({ ...reached, PUBLISHED_ON: '0.0.0.0' }), /OPEN/)
    assert.ok(readConfig({ ...reached, OPEN: '1' }))
    // The container's port is published on loopback.
    assert.ok(readConfig({ ...reached, PUBLISHED_ON: '127.0.0.1' }))
  }
  assert.ok(readConfig({ BIND: '127.0.0.1' }))
  assert.ok(readConfig({ BIND: '::1' }))
})

for (const value of ['1.5', '1e3', ' 1', '0x10', '-1', '2147483648', '99999999999999999']) {
  test(`HEARTBEAT_MS=${JSON.stringify(value)} is refused`, () => {
    assert.throws(() => readConfig({ HEARTBEAT_MS: value }), /HEARTBEAT_MS must be an integer 0-2147483647/)
  })
}

for (const value of ['/run/lab/', '/', `/${'x'.repeat(41)}`]) {
  test(`SOCKET=${value} is refused`, () => {
    assert.throws(
      () => readConfig({ SOCKET: value }),
      /SOCKET must be an absolute path of a file, at most 41/,
    )
  })
}

const wrongRedisUrls = [
  'http://x',
  's3cret',
  ':s3cret@redis:6379',
  'redis:s3cret@redis',
  'redis:/:s3cret@redis',
  'redis://:s3cret@redis:port',
  'redis://:s3cret#x@redis',
  'redis://:6379/s3cret@redis',
  'redis://:s3cret%@redis',
  'redis://:s3cret%E0%A4%A@redis',
  'redis://redis/zero',
  'redis://redis?password=s3cret',
  'redis://',
  'redis:///0',
]
for (const value of wrongRedisUrls) {
  test(`REDIS_URL=${value} is refused in one line that does not show it`, () => {
    assert.throws(
      () => readConfig({ REDIS_URL: value }),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, /^config: REDIS_URL must be a URL like redis:\/\/redis:6379/)
        assert.doesNotMatch(error.message, /s3cret|\n/)
        return true
      },
    )
  })
}

const redisUrls = [
  'redis://redis',
  'redis://redis:6379',
  'redis://redis:6379/',
  'redis://redis:6379/15',
  'rediss://user:p%40ss%2Fword@redis.example:6380/1',
  'redis://:password@10.0.0.1',
  'redis://[::1]:6379',
]
for (const value of redisUrls) {
  test(`REDIS_URL=${value} is taken`, () => {
    assert.equal(readConfig({ REDIS_URL: value }).redisUrl, value)
  })
}

test('a password in another variable is not shown either', () => {
  assert.throws(
    () => readConfig({ CORS_ORIGINS: 'http://user:s3cret@host', SOCKET: 'redis://:s3cret@host' }),
    (error: unknown) =>
      error instanceof ConfigError && !/s3cret/.test(error.message) && /@host/.test(error.message),
  )
})

test('a server without SERVER_ID draws one, and a bad one is refused', () => {
  const ids = [{}, {}, { SERVER_ID: '0123ab' }].map(env => readConfig(env).serverId)

  assert.match(ids[0] ?? '', /^[0-9a-f]{6}$/)
  assert.notEqual(ids[0], ids[1])
  assert.equal(ids[2], '0123ab')
  assert.throws(() => readConfig({ SERVER_ID: 'a/b' }), /SERVER_ID must be 6 hexadecimal digits/)
})

test('a log that no worker could hold or read in time is refused', () => {
  assert.throws(
    () => readConfig({ LOG_EVENTS_MAX: '1000001' }),
    /LOG_EVENTS_MAX must be an integer 1-1000000/,
  )
})
