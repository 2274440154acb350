import type { Case } from '../kit/case.ts'
import { equal } from '../kit/expect.ts'
import { opens, refused } from './topics.ts'

const needs = ['publish'] as const

/** Names that were meant to be `topic`: another case, a list as frameworks write it, a slip, HTML in a URL. */
const nearMisses = [
  'topics',
  'Topic',
  'TOPIC',
  'topic[]',
  'topic%5B%5D',
  'topic[0]',
  'topic%5B0%5D',
  'tpoic',
  'amp;topic',
]

/** A topic that a query asks for is opened or refused, and never replaced by another. */
export const queries: Case[] = [
  {
    id: 'topics/question-mark',
    name: 'the query is all that follows the first question mark, whatever stands in it',
    rule: 'lab',
    why: 'a client would get the stream of another topic than it asked for, and no word of it',
    needs,
    async check(target) {
      await opens(target, `ref=/a?b=1&topic=${target.topic}`)
      await opens(target, `?&topic=${target.topic}`)
      for (const topic of ['a?b', 'a?', '?a']) await refused(target, `/events?topic=${topic}`)
    },
  },
  {
    id: 'topics/behind-many',
    name: 'a topic behind 1,500 other parameters is heard',
    rule: 'lab',
    why: 'parsers stop at 1,000 parameters, and the client gets lobby in place of its topic',
    needs,
    async check(target) {
      for (const other of ['a&', 'a=1&', '&']) {
        const others = other.repeat(1500)
        await opens(target, `${others}topic=${target.topic}`)
        await refused(target, `/events?${others}topic=a%20b`)
      }
    },
  },
  {
    id: 'topics/near-miss',
    name: 'a near miss of the name "topic" gets 400 and problem details, and never lobby',
    rule: 'lab',
    why: 'a client who misspells it listens to lobby for ever, and wonders why nothing comes',
    async check(target) {
      for (const name of nearMisses) await refused(target, `/events?${name}=${target.topic}`)
    },
  },
  {
    id: 'topics/unknown-parameters',
    name: 'query parameters that nobody knows are ignored',
    rule: 'lab',
    why: 'polyfills of EventSource add their own against caches',
    needs,
    async check(target) {
      const query = '_=1700000000&r=0.5&token=x&constructor=z&__proto__[a]=b'
      const stream = await target.stream({ query })
      await target.publish('a')
      equal('the data that came', await target.dataBeforeEnd(stream), ['a'])
      await opens(target, query, 'lobby')
    },
  },
]
