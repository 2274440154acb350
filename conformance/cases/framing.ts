import type { Case } from '../kit/case.ts'
import { equal, expect, Skip } from '../kit/expect.ts'
import type { Target } from '../kit/target.ts'
import { awkward, type Awkward } from './awkward.ts'

/** What must arrive: in JSON a text is itself, however its lines end. */
const wantedOf = (target: Target, { data, arrives = data }: Awkward): string[] =>
  target.arrivesAsText ? arrives : data

const everyAwkward = awkward.flatMap(({ data }) => data)
const breaks = [
  'delivery/arrives',
  'framing/lf',
  'framing/cr',
  'framing/crlf',
  'framing/mixed-breaks',
  'framing/blank-line',
]

const arrival = (it: Awkward): Case => ({
  id: `framing/${it.id}`,
  name: it.name,
  rule: 'must',
  why: it.why,
  needs: ['publish'],
  ...(it.after === undefined ? {} : { after: it.after }),
  async check(target) {
    const stream = await target.stream()
    await target.publishAll(it.data)
    equal('the data that came', await target.dataBeforeEnd(stream), wantedOf(target, it))
  },
})

export const framing: Case[] = [
  ...awkward.map(arrival),
  {
    id: 'framing/nul',
    name: 'NUL in data arrives or is refused, and the stream goes on',
    rule: 'must',
    why: 'a server in C ends its text there, and the rest of the event is gone',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      const { status } = await target.callToPublish(target.publishRequest({ data: 'a\0b' }))
      const wanted = status < 300 ? ['a\0b'] : []
      equal(`the data that came after a ${status}`, await target.dataBeforeEnd(stream), wanted)
    },
  },
  {
    id: 'framing/lone-surrogate',
    name: 'half of a surrogate pair in JSON does not make the stream invalid UTF-8',
    rule: 'must',
    why: 'an event stream is UTF-8 always: strict readers end at the first byte that is not',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      // JSON writes it as an escape. No other body can hold it.
      if (!target.publishesJson) throw new Skip('the body of a publish is not JSON')
      await target.callToPublish(target.publishRequest({ data: 'a\ud800b' }))
      await target.dataBeforeEnd(stream)
      const violations = stream.lines.violations.filter(violation => violation.includes('UTF-8'))
      equal('violations', violations, [])
    },
  },
  {
    id: 'framing/fields',
    name: 'a stream has only fields of the standard, in UTF-8, and each event has data',
    rule: 'must',
    why: 'clients skip what they do not know without a word: a misspelt field is a lost field',
    after: breaks,
    async check(target) {
      const stream = await target.stream()
      if (target.options.publish !== undefined) {
        const type = target.publishesTypes ? { type: 'awkward' } : {}
        for (const data of everyAwkward) await target.publish(data, type)
        await target.dataBeforeEnd(stream)
      }
      equal('violations', stream.lines.violations, [])
    },
  },
  {
    id: 'framing/two-readers',
    name: 'two independent clients see the same events',
    rule: 'must',
    why: 'text that parsers read differently works in one browser and not in the next',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      await target.publishAll(everyAwkward)
      await target.dataBeforeEnd(stream)
      const oracle = stream.events.map(({ type, raw }) => [type, raw])
      const own = stream.lines.events.map(({ type, data }) => [type, data])
      equal('the events of the stricter reader', own, oracle)
    },
  },
  {
    id: 'framing/one-block',
    name: 'one publish is one block, whatever is in it',
    rule: 'must',
    why: 'an event that is split has one half without its id and type',
    needs: ['publish'],
    after: breaks,
    async check(target) {
      const stream = await target.stream()
      await target.publish('a\r\n\r\nb', { type: 'awkward' })
      await target.dataBeforeEnd(stream)
      const blocks = stream.lines.blocks.filter(({ fields }) =>
        fields.some(([name, value]) => name === 'event' && value === 'awkward'),
      )
      equal('blocks of the event', blocks.length, 1)
      const lines = blocks[0]?.fields.filter(([name]) => name === 'data').map(([, value]) => value)
      if (target.arrivesAsText) equal('its data lines', lines, ['a', '', 'b'])
    },
  },
  {
    id: 'framing/type',
    name: 'the type of a publish is the type of the event',
    rule: 'must',
    why: 'addEventListener(type) hears nothing otherwise',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      await target.publish('typed', { type: 'prix: 5 € ' })
      const { type } = await stream.data('typed')
      equal('the type', type, 'prix: 5 € ')
    },
  },
  {
    id: 'framing/default-type',
    name: 'an event without a type is a message, also after one with a type',
    rule: 'must',
    why: 'onmessage hears only events without a type, and the type of the last event must not stick',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      await target.publish('typed', { type: 'other' })
      await target.publish('plain')
      const { type } = await stream.data('plain')
      equal('the type', type, 'message')
    },
  },
  {
    id: 'framing/json',
    name: 'data that is no string travels as JSON',
    rule: 'lab',
    why: 'a page that parses data would get [object Object]',
    needs: ['publish'],
    async check(target) {
      const values = [5, -0.5, true, false, null, [], [1, 'a'], {}, { nested: { text: 'a\r\nb', '': '😀' } }]
      const stream = await target.stream()
      await target.publishAll(values)
      const seen = await target.dataBeforeEnd(stream)
      equal(
        'the data that came',
        seen,
        values.map(value => JSON.stringify(value)),
      )
    },
  },
  {
    id: 'framing/string-is-bare',
    name: 'data that is a string travels as it is, also when it looks like JSON',
    rule: 'lab',
    why: 'a string in quotes must be parsed twice by every client',
    needs: ['publish'],
    async check(target) {
      const values = ['a"b', '"', '{"a":1}', 'null', '\\n', '%0A']
      const stream = await target.stream()
      await target.publishAll(values)
      await target.dataBeforeEnd(stream)
      const seen = target.published(stream).map(({ raw }) => raw)
      equal('the data that came', seen.slice(0, -1), values)
    },
  },
  {
    id: 'framing/unfinished',
    name: 'after an event nothing is left open: its blank line has come',
    rule: 'must',
    why: 'an event whose blank line is missing is dispatched with the next one, or never',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      await target.publish('whole')
      await stream.data('whole')
      expect(stream.lines.unfinished === '', 'the rest of the stream', 'nothing', stream.lines.unfinished)
    },
  },
]
