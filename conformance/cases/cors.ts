import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'

const needs = ['origin'] as const
const stranger = 'https://stranger.example'

export const corsRules: Case[] = [
  {
    id: 'cors/stream',
    name: 'a page of the configured origin may read the stream',
    rule: 'must',
    why: 'without Access-Control-Allow-Origin an EventSource gives up for good',
    needs,
    async check(target) {
      const { origin } = target.options
      const allowed = (await target.stream({ headers: { Origin: origin } })).answer.header(
        'access-control-allow-origin',
      )
      expect(allowed === origin || allowed === '*', 'Access-Control-Allow-Origin', `${origin} or *`, allowed)
    },
  },
  {
    id: 'cors/vary',
    name: 'an answer that names the origin varies by it',
    rule: 'should',
    why: 'a cache would give the answer for one origin to another, which may not read it',
    needs,
    async check(target) {
      const { answer } = await target.stream({ headers: { Origin: target.options.origin } })
      if (answer.header('access-control-allow-origin') === '*') return
      expect(/\bOrigin\b/i.test(answer.header('vary') ?? ''), 'Vary', 'Origin', answer.header('vary'))
    },
  },
  {
    id: 'cors/credentials',
    name: 'nothing allows credentials to every origin',
    rule: 'must',
    why: 'browsers refuse * together with credentials, so that nobody could read it',
    needs,
    async check(target) {
      const { answer } = await target.stream({ headers: { Origin: target.options.origin } })
      const both = [
        answer.header('access-control-allow-origin'),
        answer.header('access-control-allow-credentials'),
      ]
      expect(both[0] !== '*' || both[1] !== 'true', 'the pair', 'not * with true', both)
    },
  },
  {
    id: 'cors/preflight',
    name: 'a page of the configured origin may publish JSON',
    rule: 'must',
    why: 'JSON from another origin is asked for in a preflight first: without its answer no POST is sent',
    needs: ['origin', 'publish'],
    async check(target) {
      const { origin, publish } = target.options
      const answer = await target.call({
        method: 'OPTIONS',
        path: publish?.path ?? '',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': publish?.method,
          'Access-Control-Request-Headers': 'content-type',
        },
      })
      expect(answer.status >= 200 && answer.status <= 299, 'the status', '204 or another 2xx', answer.status)
      const [allowed, methods, names] = ['origin', 'methods', 'headers'].map(
        it => answer.header(`access-control-allow-${it}`) ?? '',
      )
      expect(allowed === origin || allowed === '*', 'Access-Control-Allow-Origin', `${origin} or *`, allowed)
      // [fetch] POST needs no mention.
      expect(
        publish?.method === 'POST' || /\bPUT\b|\*/.test(methods ?? ''),
        'Access-Control-Allow-Methods',
        'the method',
        methods,
      )
      expect(/\bcontent-type\b|\*/i.test(names ?? ''), 'Access-Control-Allow-Headers', 'content-type', names)
    },
  },
  {
    id: 'cors/own-headers',
    name: 'a page of the configured origin may send Last-Event-ID and Idempotency-Key',
    rule: 'lab',
    why: 'clients made with fetch, and publishers that repeat, need them',
    needs,
    async check(target) {
      const answer = await target.call({
        method: 'OPTIONS',
        path: '/events',
        headers: {
          Origin: target.options.origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type,idempotency-key,last-event-id',
        },
      })
      const names = answer.header('access-control-allow-headers') ?? ''
      for (const name of ['idempotency-key', 'last-event-id']) {
        expect(names.toLowerCase().includes(name), 'Access-Control-Allow-Headers', name, names)
      }
    },
  },
  {
    id: 'cors/stranger',
    name: 'a page of another origin may neither read nor publish',
    rule: 'lab',
    why: 'any page that a user visits could read the streams of his network',
    async check(target) {
      // Refused, or a stream that the page may not read: both will do.
      const exchange = target.connect()
      exchange.send(target.streamRequest({ headers: { Origin: stranger } }))
      const answer = await exchange.head()
      equal(
        'Access-Control-Allow-Origin of the stream',
        answer.header('access-control-allow-origin'),
        undefined,
      )
      const preflight = await target.call({
        method: 'OPTIONS',
        path: '/events',
        headers: { Origin: stranger, 'Access-Control-Request-Method': 'POST' },
      })
      equal(
        'Access-Control-Allow-Origin of the preflight',
        preflight.header('access-control-allow-origin'),
        undefined,
      )
    },
  },
  {
    id: 'cors/refusal',
    name: 'a page of the configured origin may read why it was refused',
    rule: 'lab',
    why: 'it would see "Failed to fetch" in place of the reason',
    needs,
    async check(target) {
      const answer = await target.call({
        method: 'POST',
        path: '/events',
        headers: { Origin: target.options.origin, 'Content-Type': 'application/json' },
        body: '{',
      })
      equal('the status', answer.status, 400)
      equal(
        'Access-Control-Allow-Origin',
        answer.header('access-control-allow-origin'),
        target.options.origin,
      )
    },
  },
]
