import type { Answer } from '../kit/answer.ts'
import type { Case } from '../kit/case.ts'
import { equal } from '../kit/expect.ts'
import { refusedWith } from '../kit/problem.ts'
import { idOf, type Target } from '../kit/target.ts'

const history = ['publish', 'history'] as const
const keyed = (target: Target, key: string, data: unknown): Promise<Answer> =>
  target.call(target.publishRequest({ data }, { 'Idempotency-Key': key }))

/** Publish once: Idempotency-Key. */
export const once: Case[] = [
  {
    id: 'once/repeated',
    name: 'the same key and body get the same answer again, and the event is delivered once',
    rule: 'lab',
    why: 'a publisher whose answer was lost must repeat, and would be heard twice',
    needs: history,
    async check(target) {
      const stream = await target.stream()
      const answers = [await keyed(target, target.topic, 'once'), await keyed(target, target.topic, 'once')]
      equal(
        'the statuses',
        answers.map(({ status }) => status),
        [202, 202],
      )
      const [first, again] = answers.map(idOf)
      equal('the second id', again, first)
      equal('the data that came', await target.dataBeforeEnd(stream), ['once'])
    },
  },
  {
    id: 'once/at-once',
    name: 'the same key and body from ten publishers at once is one event',
    rule: 'lab',
    why: 'a look and a write apart let two through between them',
    needs: history,
    async check(target) {
      const stream = await target.stream()
      const answers = await Promise.all(Array.from({ length: 10 }, () => keyed(target, target.topic, 'once')))
      equal('different ids', new Set(answers.map(idOf)).size, 1)
      equal('the data that came', await target.dataBeforeEnd(stream), ['once'])
    },
  },
  {
    id: 'once/reused',
    name: 'the same key with another body gets 422 and problem details',
    rule: 'lab',
    why: 'the second event would be lost, and acknowledged',
    needs: history,
    async check(target) {
      const stream = await target.stream()
      await keyed(target, target.topic, 'one')
      refusedWith(await keyed(target, target.topic, 'two'), 422, 'key-reused')
      equal('the data that came', await target.dataBeforeEnd(stream), ['one'])
    },
  },
  {
    id: 'once/other-keys',
    name: 'the same body under other keys, or none, is another event each time',
    rule: 'lab',
    why: 'a page may well send the same text twice',
    needs: history,
    async check(target) {
      const stream = await target.stream()
      for (const key of ['a', 'b', undefined, undefined]) {
        await target.publish('same', key === undefined ? {} : { key: `${target.topic}-${key}` })
      }
      equal('the data that came', await target.dataBeforeEnd(stream), Array(4).fill('same'))
    },
  },
  {
    id: 'once/bad-key',
    name: 'a key that is empty, longer than 255 or not visible ASCII gets 400 and problem details',
    rule: 'lab',
    why: 'a key that is cut or recoded on the way is another key: the event doubles',
    needs: history,
    async check(target) {
      for (const key of ['', 'x'.repeat(256), 'a b', 'é'])
        refusedWith(await keyed(target, key, 1), 400, 'bad-key')
    },
  },
  {
    id: 'once/longest-key',
    name: 'a key of 255 characters is taken',
    rule: 'lab',
    why: 'publishers make keys of ids and times, and those are long',
    needs: history,
    async check(target) {
      equal('the status', (await keyed(target, target.topic.padEnd(255, '~'), 1)).status, 202)
    },
  },
]
