import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readGiven, streamOf } from './given.ts'

const stream = 'http://a:1/hub?t={topic}'

test('without an address there is no server of somebody else', () => {
  assert.equal(readGiven({ SIDES: 'fixed' }), undefined)
})

test('URL is a server with the paths and the body of the lab, and any 2xx is good', () => {
  const read = readGiven({ URL: 'http://a:1', HEADER: 'A: 1\n\nAuthorization: Bearer x:y \n' })

  assert.ok(read?.publish)
  assert.equal(streamOf(read, 'a/b'), 'http://a:1/events?topic=a%2Fb')
  assert.equal(read.publish.url, 'http://a:1/events')
  assert.deepEqual(read.headers, { A: '1', Authorization: 'Bearer x:y' })
  assert.deepEqual([200, 202, 204, 302].map(read.publish.ok), [true, true, true, false])
})

test('STREAM_URL has a path of its own, and PUBLISH_URL, body, success and place of the data may be anything', () => {
  const read = readGiven({
    STREAM_URL: stream,
    PUBLISH_URL: 'http://b/pub',
    PUBLISH_BODY: 'topic={{topic}}&data={{data}}',
    PUBLISH_OK: '200, 202',
    DATA_PATH: 'event.data',
  })

  assert.ok(read?.publish)
  assert.equal(read.publish.body.contentType, 'application/x-www-form-urlencoded')
  assert.equal(read.publish.body.bodyOf({ topic: 't', data: { n: 1 } }), 'topic=t&data=%7B%22n%22%3A1%7D')
  assert.deepEqual([200, 201, 202].map(read.publish.ok), [true, false, true])
  assert.equal(read.within, 'event.data.')
  assert.equal(readGiven({ STREAM_URL: stream })?.publish, undefined)
})

for (const [env, says] of [
  [{ PUBLISH_URL: 'http://a/p' }, /^PUBLISH_URL says how .* name it with STREAM_URL, too$/],
  [{ HEADER: 'A: 1' }, /^HEADER says how to speak to a server/],
  [{ URL: 'http://a', STREAM_URL: stream }, /^URL and STREAM_URL are both there/],
  [{ SIDES: 'fixed', STREAM_URL: stream }, /^SIDES are those of the lab/],
  [{ STREAM_URL: 'a/events' }, /^STREAM_URL must be like http:.*got "a\/events"/],
  [{ STREAM_URL: stream, PUBLISH_URL: '/p' }, /^PUBLISH_URL must be like/],
  [
    { STREAM_URL: stream, PUBLISH_URL: 'http://a', PUBLISH_OK: 'ok' },
    /^PUBLISH_OK must be like 2xx or 200,202/,
  ],
  [
    { STREAM_URL: stream, PUBLISH_URL: 'http://a', PUBLISH_BODY: '{}' },
    /^PUBLISH_BODY must hold \{\{data\}\}/,
  ],
  [{ STREAM_URL: stream, HEADER: 'secret' }, /^HEADER must be like "Name: value", one on each line$/],
  [{ STREAM_URL: stream, DATA_PATH: 'a..b' }, /^DATA_PATH must be a path like event\.data/],
] as const) {
  test(`${JSON.stringify(env)} is one error that says what to give`, () => {
    assert.throws(() => readGiven(env), { message: says })
  })
}
