import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonBody, readTemplate, withTopic, type Values } from './template.ts'

const values: Values = { topic: 'a/b', data: 'x "y"\n&=é' }

function body(text: string, more: Partial<Values> = {}, contentType?: string): string {
  return readTemplate(text, contentType, 'PUBLISH_BODY').bodyOf({ ...values, ...more })
}

test('in JSON a bare placeholder is the value, one in quotes is its text, and one within a text is part of it', () => {
  const data = { n: 1 }

  assert.deepEqual(JSON.parse(body(jsonBody)), values)
  assert.deepEqual(JSON.parse(body('{"d":{{data}},"s":"{{data}}","t":"to {{topic}}"}', { data })), {
    d: data,
    s: '{"n":1}',
    t: 'to a/b',
  })
  assert.equal(body('[{{data}},"a\\"{{type}}"]', { data: 7, type: 'up' }), '[7,"a\\"up"]')
  assert.equal(body('{{data}}', { data }, 'application/vnd.x+json'), '{"n":1}')
})

test('a field for the type is left out where the event has none', () => {
  assert.equal(body('{"data":{{data}},"type":{{type}}}', { data: 1 }), '{"data":1}')
  assert.equal(body('{"data":{{data}},"type":"{{type}}"}', { data: 1 }), '{"data":1}')
  assert.equal(body('data={{data}}&type={{type}}', { data: 1 }), 'data=1')
  assert.equal(body('data={{data}}&type={{type}}', { data: 1, type: 'a b' }), 'data=1&type=a%20b')
})

test('a form is percent-encoded, and any other body takes the text as it is', () => {
  assert.equal(body('topic={{topic}}&data={{data}}'), 'topic=a%2Fb&data=x%20%22y%22%0A%26%3D%C3%A9')
  assert.equal(body('{{data}}'), values.data)
})

const typeOf = (text: string, given?: string) => readTemplate(text, given, 'PUBLISH_BODY').contentType

test('the content type is the given one, or what the body looks like', () => {
  assert.deepEqual(
    [jsonBody, '[{{data}}]', 'data={{data}}', '{{data}}'].map(text => typeOf(text)),
    ['application/json', 'application/json', 'application/x-www-form-urlencoded', 'text/plain'],
  )
  assert.equal(typeOf('{{data}}', 'text/markdown'), 'text/markdown')
})

for (const [text, says] of [
  ['{"data":1}', /^PUBLISH_BODY must hold \{\{data\}\} \(got \{"data":1\}\)$/],
  ['{"data":{{data}},"x":{{dat}}}', /^PUBLISH_BODY has \{\{dat\}\}, and there are \{\{data\}\}/],
  ['{"data":{{data}}', /^PUBLISH_BODY must be JSON, with/],
] as const) {
  test(`the template ${text} is refused in one line`, () => {
    assert.throws(() => readTemplate(text, undefined, 'PUBLISH_BODY'), { message: says })
  })
}

test('a topic stands percent-encoded in an address, in one brace or two', () => {
  assert.equal(withTopic('/t/{topic}?a={{topic}}', 'a/b'), '/t/a%2Fb?a=a%2Fb')
})
