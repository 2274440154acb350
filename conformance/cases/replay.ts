import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'
import type { Stream } from '../kit/stream.ts'
import type { StreamRequest, Target } from '../kit/target.ts'

/** The request of a client that comes back with this id. */
export const comeBack = (id: string | undefined) => ({ headers: { 'Last-Event-ID': id } })

/** Fails unless exactly these events came, and no gap. */
async function exactly(target: Target, stream: Stream, wanted: string[]): Promise<void> {
  equal('the data that came', await target.dataBeforeEnd(stream), wanted)
  equal('gaps', stream.gaps.length, 0)
}

/** Fails unless a gap came with an id of the server's own, and then live events. */
async function gapThenLive(target: Target, stream: Stream, given: string, before: string): Promise<void> {
  const gap = await stream.gap()
  expect(
    /^\d+-\d+$/.test(gap.id ?? '') && gap.id !== given,
    'the id of the gap',
    'a position of the server',
    gap.id,
  )
  expect(!gap.data.includes(given), 'the data of the gap', 'no id that was given', gap.data)
  // A worker may read an acknowledged event later than another. Then it lies behind the position of the gap, and is live.
  const live = isAfter(before, gap.id ?? '') ? ['before'] : []
  equal('the data that came', await target.dataBeforeEnd(stream), live)
}

// Ids are two numbers: <ms since 1970>-<sequence>.
const isAfter = (id: string, other: string): boolean => id.localeCompare(other, 'en', { numeric: true }) > 0

export const history = ['publish', 'history'] as const

/** How clients spell it in a query: this lab, Yaffle's polyfill, a header's name as it is, Mercure before 1.0, and others. */
export const idParameters = [
  'lastEventID',
  'lastEventId',
  'last-event-id',
  'Last-Event-ID',
  'last_event_id',
  'LAST_EVENT_ID',
  'evs_last_event_id',
]

/** Fails unless a stream with each of these requests gets exactly these events, and no gap. */
export async function eachExactly(
  target: Target,
  requests: StreamRequest[],
  wanted: string[],
): Promise<void> {
  const streams = await Promise.all(requests.map(request => target.stream(request)))
  await target.publish('end')
  for (const [n, stream] of streams.entries()) {
    await stream.data('end')
    const seen = target.published(stream).map(({ data }) => data)
    equal(
      `the data that came for ${requests[n]?.query}`,
      [...seen, stream.gaps.length],
      [...wanted, 'end', 0],
    )
  }
}

/** Resuming by id on a bus that keeps a history. */
export const replay: Case[] = [
  {
    id: 'replay/exact',
    name: 'who comes back with an id gets exactly the events after it, in order, without a gap',
    rule: 'lab',
    why: 'every cut on the way would lose events, or double them',
    needs: history,
    async check(target) {
      const [, second] = await target.publishAll(['1', '2', '3', '4', '5'])
      await exactly(target, await target.stream(comeBack(second)), ['3', '4', '5'])
    },
  },
  {
    id: 'replay/last',
    name: 'who comes back with the last id gets nothing again',
    rule: 'lab',
    why: 'the event at the id itself was seen already: a page would show it twice',
    needs: history,
    async check(target) {
      const id = await target.publish('1')
      await exactly(target, await target.stream(comeBack(id)), [])
    },
  },
  {
    id: 'replay/query',
    name: '?lastEventID= resumes as the header does',
    rule: 'lab',
    why: 'a page that opens a new EventSource cannot set a header',
    needs: history,
    async check(target) {
      const [first] = await target.publishAll(['1', '2', '3'])
      await exactly(target, await target.stream({ query: `lastEventID=${first}` }), ['2', '3'])
    },
  },
  {
    id: 'replay/header-wins',
    name: 'the header wins over the query',
    rule: 'lab',
    why: 'a browser that comes back repeats the old query beside its newer header',
    needs: history,
    async check(target) {
      const [first, second, third] = await target.publishAll(['1', '2', '3', '4'])
      const queries = idParameters.map(name => `${name}=${first}`)
      const all = [...queries, `lastEventID=${first}&lastEventID=${second}`]
      const requests = all.map(query => ({ ...comeBack(third), query }))
      await eachExactly(target, requests, ['4'])
    },
  },
  {
    id: 'replay/from-hello',
    name: 'a stream that is cut before its first event resumes from the id of hello',
    rule: 'lab',
    why: 'what is published between the cut and the return would be lost on the quietest topics',
    needs: history,
    async check(target) {
      const first = await target.stream()
      const { id } = await first.next('hello', ({ type }) => type === 'hello')
      first.close()
      await target.publishAll(['1', '2'])
      await exactly(target, await target.stream(comeBack(id)), ['1', '2'])
    },
  },
  {
    id: 'replay/hello-repeats',
    name: 'on a resume, hello has the id that was given',
    rule: 'lab',
    why: 'a newer one would jump over the replay if the stream is cut within it',
    needs: history,
    async check(target) {
      const [first] = await target.publishAll(['1', '2', '3'])
      const stream = await target.stream(comeBack(first))
      equal('the id of hello', (await stream.next('hello', ({ type }) => type === 'hello')).id, first)
    },
  },
  {
    id: 'replay/subset',
    name: 'an id from a stream of two topics resumes a stream of one of them',
    rule: 'lab',
    why: 'a page that drops a topic would lose its place in the other',
    needs: history,
    async check(target) {
      const other = `${target.topic}-other`
      const [id] = await target.publishAll(['in other'], other)
      await target.publishAll(['in other too'], other)
      await target.publish('1')
      await exactly(target, await target.stream(comeBack(id)), ['1'])
    },
  },
  {
    id: 'replay/superset',
    name: 'an id from a stream of one topic resumes a stream of more',
    rule: 'lab',
    why: 'a page that adds a topic would lose its place in the first',
    needs: history,
    async check(target) {
      const other = `${target.topic}-other`
      const id = await target.publish('0')
      await target.publishAll(['in other'], other)
      await target.publish('1')
      await exactly(target, await target.stream({ ...comeBack(id), topics: [target.topic, other] }), [
        'in other',
        '1',
      ])
    },
  },
  {
    id: 'replay/into-live',
    name: 'between replay and live there is no hole and no double, while others publish',
    rule: 'lab',
    why: 'a herd that comes back does so under load, and would lose the events of that moment',
    needs: history,
    async check(target) {
      const early = Array.from({ length: 10 }, (_, n) => `early ${n}`)
      const late = Array.from({ length: 10 }, (_, n) => `late ${n}`)
      const [first] = await target.publishAll(early)
      const publishing = target.publishAll(late)
      const streams = await Promise.all(Array.from({ length: 5 }, () => target.stream(comeBack(first))))
      await publishing
      const wanted = [...early.slice(1), ...late]
      await target.publish('end')
      for (const stream of streams) {
        await stream.data('end')
        equal(
          'the data that came',
          target.published(stream).map(({ data }) => data),
          [...wanted, 'end'],
        )
      }
    },
  },
  {
    id: 'replay/many',
    name: 'a replay of 80 events comes whole, in the order in which they came live',
    rule: 'lab',
    why: 'a replay is written in pieces, and joins the live events when the rest fits',
    needs: history,
    async check(target) {
      const live = await target.stream()
      const id = await target.publish('first')
      const all = Array.from({ length: 80 }, (_, n) => `${n}`)
      // Twenty at a time: one after another would be this case's whole time.
      for (let at = 0; at < all.length; at += 20) {
        await Promise.all(all.slice(at, at + 20).map(data => target.publish(data)))
      }
      const seen = (await target.dataBeforeEnd(live)).slice(1)
      equal('different live events', new Set(seen).size, 80)
      const replayed = await target.dataBeforeEnd(await target.stream(comeBack(id)))
      equal('the replay, as far as it goes', replayed.slice(0, 80), seen)
    },
  },
  {
    id: 'replay/malformed',
    name: 'a malformed id gets a gap, is never echoed, and live events follow',
    rule: 'lab',
    why: 'an id from outside that is written into a stream forges fields; one that is ignored hides a loss',
    needs: history,
    async check(target) {
      const before = await target.publish('before')
      const given = 'x"y<z>'
      const stream = await target.stream(comeBack(given))
      await gapThenLive(target, stream, given, before)
      expect(!stream.text.includes(given), 'the stream', 'one without that id', stream.text.slice(0, 200))
    },
  },
  {
    id: 'replay/future',
    name: 'an id from the future gets a gap with an id of the server, and live events follow',
    rule: 'lab',
    why: 'after a loss of data every client has such an id, and would wait in silence until the clock is there',
    needs: history,
    async check(target) {
      const before = await target.publish('before')
      const [ms = '0'] = before.split('-')
      const given = `${Number(ms) + 10 ** 10}-0`
      await gapThenLive(target, await target.stream(comeBack(given)), given, before)
    },
  },
  {
    id: 'replay/unknown',
    name: 'an old id that is not in the log gets a gap, and then all that is still there',
    rule: 'lab',
    why: 'a client that was away for long must know that something is missing, and lose no more than that',
    needs: history,
    async check(target) {
      await target.publishAll(['1', '2'])
      const stream = await target.stream(comeBack('1-1'))
      const gap = await stream.gap()
      expect(/^\d+-\d+$/.test(gap.id ?? ''), 'the id of the gap', 'a position of the server', gap.id)
      equal('the data that came', await target.dataBeforeEnd(stream), ['1', '2'])
      equal('gaps', stream.gaps.length, 1)
    },
  },
  {
    id: 'replay/gap-before-events',
    name: 'the gap comes before the events that follow it',
    rule: 'lab',
    why: 'a page that learns of the loss afterwards has already counted on what it shows',
    needs: history,
    async check(target) {
      await target.publish('1')
      const stream = await target.stream(comeBack('1-1'))
      await stream.data('1')
      const types = stream.events.map(({ type }) => type).filter(type => type !== 'heartbeat')
      equal('types in their order', types.slice(0, 3), ['hello', 'gap', 'message'])
    },
  },
]
