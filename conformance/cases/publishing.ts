import { z } from 'zod'
import type { Answer } from '../kit/answer.ts'
import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'
import { refusedWith } from '../kit/problem.ts'
import type { Target } from '../kit/target.ts'

const needs = ['publish'] as const
async function postBody(target: Target, body: string, type = 'application/json'): Promise<Answer> {
  return await target.call({ method: 'POST', path: '/events', headers: { 'Content-Type': type }, body })
}

/** A call that is refused: what it sends, and the answer. */
type Wrong = { id: string; name: string; why: string; bodies: unknown[]; status: number; code: string }

const wrongBodies: Wrong[] = [
  {
    id: 'no-object',
    name: 'a body that is no object gets 400',
    why: 'a list or a bare text has no topic, and must not be taken for an empty event',
    bodies: [[1], 'text', 5, null],
    status: 400,
    code: 'bad-field',
  },
  {
    id: 'missing-field',
    name: 'a publish without topic or without data gets 400',
    why: 'a misspelt field would publish "undefined" to everyone',
    bodies: [{ data: 1, type: 5 }, { topic: 'a' }],
    status: 400,
    code: 'bad-field',
  },
  {
    id: 'unknown-field',
    name: 'a field that nobody knows gets 400',
    why: 'an "id" or "event" that is dropped without a word is a publisher who believes it works',
    bodies: [
      { topic: 'a', data: 1, id: '7' },
      { topic: 'a', data: 1, event: 'b' },
    ],
    status: 400,
    code: 'bad-field',
  },
  {
    id: 'bad-topic',
    name: 'a bad topic gets 400',
    why: 'nobody could open a stream of it',
    bodies: [
      { topic: 'a b', data: 1 },
      { topic: '', data: 1 },
      { topic: 7, data: 1 },
      { topic: 'x'.repeat(257), data: 1 },
    ],
    status: 400,
    code: 'bad-topic',
  },
  {
    id: 'type-of-two-lines',
    name: 'a type with CR, LF or NUL, or an empty one, gets 400',
    why: 'its line break would start a field of the publisher: id: 9',
    bodies: ['a\nid: 9', 'a\rid: 9', 'a\r\n', '\n', 'a\0b', '', 5].map(type => ({
      topic: 'a',
      data: 1,
      type,
    })),
    status: 400,
    code: 'bad-field',
  },
  {
    id: 'reserved-type',
    name: 'a type of the server or of EventSource gets 400',
    why: 'a publisher could say hello or gap, and error would fire the error listeners of every page',
    bodies: ['hello', 'gap', 'heartbeat', 'open', 'error'].map(type => ({ topic: 'a', data: 1, type })),
    status: 400,
    code: 'bad-field',
  },
  {
    id: 'too-large',
    name: 'an event that is too large gets 413',
    why: 'one publisher could fill the memory of every worker',
    bodies: [{ topic: 'a', data: 'x'.repeat(200_000) }],
    status: 413,
    code: 'too-large',
  },
]

const refusal = ({ id, name, why, bodies, status, code }: Wrong): Case => ({
  id: `publish/${id}`,
  name: `${name} and problem details`,
  rule: 'lab',
  why,
  needs,
  async check(target) {
    for (const body of bodies) refusedWith(await postBody(target, JSON.stringify(body)), status, code)
  },
})

export const publishing: Case[] = [
  {
    id: 'publish/acknowledged',
    name: 'a publish gets 202 with id, topic and worker, as JSON',
    rule: 'lab',
    why: 'the ledger tells by it what was acknowledged, and by whom',
    needs,
    async check(target) {
      const answer = await target.call(target.publishRequest({ data: 1 }))
      equal('the status', answer.status, 202)
      equal('Content-Type', answer.header('content-type')?.split(';')[0], 'application/json')
      const read = z.strictObject({
        id: z.string().min(1),
        topic: z.literal(target.topic),
        worker: z.string().min(1),
      })
      expect(
        read.safeParse(JSON.parse(answer.text)).success,
        'the body',
        '{"id","topic","worker"}',
        answer.text,
      )
    },
  },
  ...wrongBodies.map(refusal),
  {
    id: 'publish/bad-json',
    name: 'a body that is not JSON gets 400 and problem details',
    rule: 'lab',
    why: 'a 500 would make its publisher repeat it',
    needs,
    async check(target) {
      for (const body of ['{"topic', '{"topic":"a","data":1}}', 'undefined']) {
        refusedWith(await postBody(target, body), 400, 'bad-json')
      }
    },
  },
  {
    id: 'publish/not-json',
    name: 'a body that is not declared as JSON gets 415 and problem details',
    rule: 'lab',
    why: 'text/plain needs no preflight: any page could publish in the name of its visitor',
    needs,
    async check(target) {
      const body = JSON.stringify({ topic: target.topic, data: 1 })
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/json; charset=latin1',
      ]) {
        refusedWith(await postBody(target, body, type), 415, 'not-json')
      }
    },
  },
  {
    id: 'publish/refused-reaches-nobody',
    name: 'a publish that is refused reaches nobody',
    rule: 'lab',
    why: 'a publisher who mends and repeats it would be heard twice',
    needs,
    async check(target) {
      const stream = await target.stream()
      for (const more of [{ extra: 1 }, { type: 'hello' }, { type: 'a\nb' }]) {
        const { status } = await postBody(
          target,
          JSON.stringify({ topic: target.topic, data: 'refused', ...more }),
        )
        equal('the status', status, 400)
      }
      equal('the data that came', await target.dataBeforeEnd(stream), [])
    },
  },
  {
    id: 'publish/only-after',
    name: 'what is acknowledged is on every stream that was open before',
    rule: 'lab',
    why: 'an acknowledgement that comes first, and a bus that fails then, is a lost event that counts as sent',
    needs,
    async check(target) {
      const stream = await target.stream()
      const ids = await Promise.all(Array.from({ length: 25 }, (_, n) => target.publish(n)))
      await target.dataBeforeEnd(stream)
      const seen = new Set(target.published(stream).map(({ id }) => id))
      equal(
        'acknowledged ids that did not come',
        ids.filter(id => !seen.has(id)),
        [],
      )
    },
  },
]
