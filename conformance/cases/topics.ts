import { randomUUID } from 'node:crypto'
import type { Case } from '../kit/case.ts'
import { equal } from '../kit/expect.ts'
import { refusedWith } from '../kit/problem.ts'
import type { Target } from '../kit/target.ts'

const needs = ['publish'] as const

export async function refused(target: Target, path: string): Promise<void> {
  const exchange = target.connect()
  exchange.send({ path })
  // A stream has no end to wait for.
  equal(`the status of ${path.slice(0, 60)}`, (await exchange.head()).status, 400)
  refusedWith(await exchange.answer(), 400, 'bad-topic')
}

/** Fails unless a stream with this query is a stream of this topic. */
export async function opens(target: Target, query: string, topic = target.topic): Promise<void> {
  const stream = await target.stream({ topics: [], query })
  const data = randomUUID()
  await target.publish(data, { topic })
  await stream.data(data)
}

/** Every character as %XX, as a URL may write it. */
const percentEncoded = (text: string): string =>
  [...Buffer.from(text)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')

export const topics: Case[] = [
  {
    id: 'topics/two',
    name: 'a stream of two topics gets both, in order, and no third',
    rule: 'lab',
    why: 'a page takes one connection for all its topics: a browser has six',
    needs,
    async check(target) {
      const [other, third] = [`${target.topic}-other`, `${target.topic}-third`]
      const stream = await target.stream({ topics: [target.topic, other] })
      for (const topic of [other, third, target.topic]) await target.publish(topic, { topic })
      equal('the data that came', await target.dataBeforeEnd(stream), [other, target.topic])
    },
  },
  {
    id: 'topics/doubled',
    name: 'a topic that is asked for twice delivers once',
    rule: 'lab',
    why: 'pages build the list from what is on the screen, where a topic can be twice',
    needs,
    async check(target) {
      const stream = await target.stream({ topics: [target.topic, target.topic] })
      await target.publish('a')
      equal('the data that came', await target.dataBeforeEnd(stream), ['a'])
    },
  },
  {
    id: 'topics/exact',
    name: 'topics are told apart by every character and by case',
    rule: 'lab',
    why: 'a stream of user/1 must not get what is for user/11',
    needs,
    async check(target) {
      const stream = await target.stream()
      for (const topic of [`${target.topic}1`, target.topic.slice(0, -1), target.topic.toUpperCase(), '%']) {
        await target.publish('not ours', { topic })
      }
      equal('the data that came', await target.dataBeforeEnd(stream), [])
    },
  },
  {
    id: 'topics/lobby',
    name: 'without a topic it is the stream of lobby',
    rule: 'lab',
    why: 'the first curl of the README shows something',
    needs,
    async check(target) {
      await opens(target, '', 'lobby')
    },
  },
  {
    id: 'topics/characters',
    name: 'every allowed character works, percent-encoded or not',
    rule: 'lab',
    why: 'clients differ in what they encode, and would be on different topics',
    needs,
    async check(target) {
      const topic = `${target.topic}._~:/@%-`
      const encoded = await target.stream({ topics: [topic] })
      const bare = await target.stream({ topics: [], query: `topic=${topic.replace('%', '%25')}` })
      await target.publish('a', { topic })
      await encoded.data('a')
      await bare.data('a')
    },
  },
  {
    id: 'topics/most',
    name: '32 topics of 128 characters fit in one stream',
    rule: 'lab',
    why: 'a proxy that takes shorter URLs makes the bound smaller without a word',
    needs,
    async check(target) {
      const all = Array.from({ length: 32 }, (_, n) => `${target.topic}-${n}-`.padEnd(128, 'x'))
      const stream = await target.stream({ topics: all })
      await target.publish('last', { topic: all[31] ?? '' })
      await stream.data('last')
    },
  },
  {
    id: 'topics/longest',
    name: '32 topics of 256 characters fit in one stream, percent-encoded throughout',
    rule: 'lab',
    why: 'a URL of 25 kB is over the usual bounds of proxies and servers, and their 414 or 431 ends a client for good',
    needs,
    async check(target) {
      const all = Array.from({ length: 32 }, (_, n) => `${target.topic}-${n}-`.padEnd(256, 'x'))
      const query = all.map(topic => `topic=${percentEncoded(topic)}`).join('&')
      await opens(target, query, all[31])
    },
  },
  {
    id: 'topics/too-many',
    name: '33 topics get 400 and problem details',
    rule: 'lab',
    why: 'every list has a bound, and says so',
    async check(target) {
      await refused(target, `/events?${Array.from({ length: 33 }, (_, n) => `topic=t${n}`).join('&')}`)
    },
  },
  {
    id: 'topics/bad',
    name: 'a topic with a character that is not allowed gets 400 and problem details',
    rule: 'lab',
    why: 'a topic with a space or a NUL would be told apart by one part of the system and not by another',
    async check(target) {
      for (const topic of ['a%20b', 'a%00b', 'a%0Ab', '%C3%A9', 'a*', 'x'.repeat(257)]) {
        await refused(target, `/events?topic=${topic}`)
      }
    },
  },
  {
    id: 'topics/empty',
    name: 'an empty topic gets 400 and problem details',
    rule: 'lab',
    why: 'a page with a bug would listen to lobby in place of its own topic',
    async check(target) {
      await refused(target, '/events?topic=')
    },
  },
]
