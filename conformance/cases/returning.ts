import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'
import { comeBack, eachExactly } from './replay.ts'

/** What holds with a history and without one. */
export const returning: Case[] = [
  {
    id: 'return/gap-without-history',
    name: 'without a history, who comes back with an id gets one gap that names no older event',
    rule: 'lab',
    why: 'something may have been missed, and nobody could tell',
    needs: ['no-history'],
    async check(target) {
      for (const request of [comeBack('7'), { query: 'lastEventID=7' }]) {
        const stream = await target.stream(request)
        equal('the data of the gap', (await stream.gap()).data, '{"oldest":null}')
      }
    },
  },
  {
    id: 'return/gap-data',
    name: 'a gap names the oldest id that can still be had, or null',
    rule: 'lab',
    why: 'a page decides by it whether to load everything anew',
    async check(target) {
      const { data } = await (await target.stream(comeBack('x'))).gap()
      expect(
        /^\{"oldest":(?:null|"\d+-\d+")\}$/.test(data),
        'the data of the gap',
        '{"oldest": an id or null}',
        data,
      )
    },
  },
  {
    id: 'return/no-echo',
    name: 'an id from outside is never written into the stream, from header or query',
    rule: 'lab',
    why: 'with its line breaks it forges events, and a page that shows it runs its markup',
    async check(target) {
      const given = '"><script>id'
      for (const request of [
        comeBack(given),
        { query: `lastEventID=${encodeURIComponent(`${given}\nid: 9\0`)}` },
      ]) {
        const stream = await target.stream(request)
        await stream.gap()
        expect(!stream.text.includes('script'), 'the stream', 'one without the id', stream.text.slice(0, 200))
      }
    },
  },
  {
    id: 'return/utf8',
    name: 'a Last-Event-ID in UTF-8 gets a stream',
    rule: 'must',
    why: 'browsers send ids in UTF-8, and any other answer than 200 ends them for good',
    async check(target) {
      const { answer } = await target.stream(comeBack('é😀\u0080'))
      equal('the status', answer.status, 200)
    },
  },
  {
    id: 'return/long',
    name: 'an id of 4,000 characters gets a stream and a gap',
    rule: 'lab',
    why: 'an answer of 400 or 431 would end the EventSource for good, and with it the page',
    async check(target) {
      const stream = await target.stream(comeBack('9'.repeat(4000)))
      await stream.gap()
      expect(
        !stream.text.includes('9999999999'),
        'the stream',
        'one without the id',
        stream.text.slice(0, 200),
      )
    },
  },
  {
    id: 'return/empty',
    name: 'an empty id is no id: there is no gap',
    rule: 'lab',
    why: 'a page that has seen no event yet fills its query with nothing',
    after: ['delivery/arrives'],
    async check(target) {
      const requests = [comeBack(''), { query: 'lastEventID=' }]
      if (target.options.publish !== undefined) await eachExactly(target, requests, [])
      for (const request of requests) {
        const stream = await target.stream(request)
        await stream.hello()
        equal('gaps', stream.gaps.length, 0)
      }
    },
  },
  {
    id: 'return/doubled',
    name: 'a lastEventID that is given twice gets a stream',
    rule: 'lab',
    why: 'a page that appends its id to the old query sends both; a 500 would end it for good',
    async check(target) {
      const stream = await target.stream({ query: 'lastEventID=7&lastEventID=8' })
      await stream.hello()
    },
  },
]
