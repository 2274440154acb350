import { setTimeout as pause } from 'node:timers/promises'
import type { Case } from '../kit/case.ts'
import type { RequestParts } from '../kit/exchange.ts'
import { equal, expect, Failure, show } from '../kit/expect.ts'
import { refusedWith } from '../kit/problem.ts'
import { answerOrEnd } from '../kit/refused-or-closed.ts'
import type { Target } from '../kit/target.ts'

/** The request for a stream, with another method and no body. */
function withMethod(target: Target, method: string): RequestParts {
  const { path, headers = {} } = target.streamRequest()
  return { method, path, headers }
}

export const methods: Case[] = [
  {
    id: 'methods/head',
    name: 'HEAD is answered and over: the connection ends at once',
    rule: 'should',
    why: 'a server that runs its GET opens a stream that nobody reads and nothing ends',
    needs: ['get'],
    async check(target) {
      const exchange = target.connect()
      exchange.send(withMethod(target, 'HEAD'))
      await exchange.answer()
      equal('the end of the connection', await exchange.ended(), 'end')
    },
  },
  {
    id: 'methods/head-body',
    name: 'the answer to HEAD has no body',
    rule: 'must',
    why: 'its bytes are read as the beginning of the next answer',
    needs: ['get'],
    after: ['methods/head'],
    async check(target) {
      const exchange = target.connect()
      exchange.send(withMethod(target, 'HEAD'))
      await exchange.answer()
      await pause(200)
      equal('answers', exchange.answers.length, 1)
      equal('bytes after the headers', exchange.leftover, '')
    },
  },
  {
    id: 'methods/head-headers',
    name: 'HEAD gets the status and headers of the GET',
    rule: 'should',
    why: 'monitors ask with HEAD, and would see a type or a cache rule that no client gets',
    needs: ['get'],
    after: ['methods/head'],
    async check(target) {
      const head = await target.call(withMethod(target, 'HEAD'))
      const { answer } = await target.stream()
      // Those of a refusal are its own.
      equal('the status', head.status, answer.status)
      for (const name of ['content-type', 'cache-control'])
        equal(name, head.header(name), answer.header(name))
    },
  },
  ...['PUT', 'PATCH', 'DELETE'].map((method): Case => ({
    id: `methods/${method.toLowerCase()}`,
    name: `${method} opens no stream, and a 405 says what is allowed`,
    rule: 'should',
    why: 'RFC 9110 asks for Allow with every 405; a router that takes any method leaks streams',
    after: method === 'PUT' ? [] : ['methods/put'],
    async check(target) {
      const { publish, method: own } = target.options
      const path = target.streamPath()
      if (own === method || (publish?.method === method && path.startsWith(publish.path))) return
      const answer = await answerOrEnd(target, { ...withMethod(target, method), body: '' })
      if (answer === undefined) return
      expect(answer.status >= 400, 'the status', '405, or another refusal', answer.status)
      if (answer.status !== 405) return
      const allowed = answer.header('allow')
      if (!new RegExp(`\\b${own}\\b`).test(allowed ?? ''))
        throw new Failure(`Allow: wanted ${own} and more, saw ${show(allowed)}`, 'allow')
    },
  })),
  {
    id: 'methods/unknown',
    name: 'a method that nobody knows opens no stream',
    rule: 'should',
    why: 'what scanners send would be held open for ever',
    after: ['methods/put'],
    async check(target) {
      const answer = await answerOrEnd(target, withMethod(target, 'BREW'))
      if (answer !== undefined) expect(answer.status >= 400, 'the status', 'a refusal', answer.status)
    },
  },
  {
    id: 'methods/options',
    name: 'OPTIONS is answered and over',
    rule: 'should',
    why: 'a preflight that runs the GET never ends, and the page waits for it',
    async check(target) {
      const answer = await target.call(withMethod(target, 'OPTIONS'))
      expect(
        !/event-stream/.test(answer.header('content-type') ?? ''),
        'the answer',
        'no stream',
        answer.headers,
      )
    },
  },
  {
    id: 'methods/405-problem',
    name: 'a wrong method gets 405, Allow and problem details',
    rule: 'lab',
    why: 'who calls wrongly should read what is right',
    async check(target) {
      const answer = await target.call({ method: 'DELETE', path: '/events' })
      equal('Allow', answer.header('allow')?.split(/, */).toSorted(), ['GET', 'HEAD', 'OPTIONS', 'POST'])
      refusedWith(answer, 405, 'method-not-allowed')
    },
  },
  {
    id: 'methods/404-problem',
    name: 'a path that is not there gets 404 and problem details',
    rule: 'lab',
    why: 'a page in place of a 404 is read as a broken stream',
    async check(target) {
      refusedWith(await target.call({ path: '/nothing-is-here' }), 404, 'not-found')
    },
  },
  {
    id: 'methods/one-path',
    name: '/events/ and /Events are not /events',
    rule: 'lab',
    why: 'the proxy knows the one path: another would work until the first restart, and then end for good',
    async check(target) {
      for (const path of ['/events/', '/Events'])
        equal(`the status of ${path}`, (await target.call({ path })).status, 404)
    },
  },
]
