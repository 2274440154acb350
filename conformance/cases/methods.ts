import { setTimeout as pause } from 'node:timers/promises'
import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'
import { refusedWith } from '../kit/problem.ts'

export const methods: Case[] = [
  {
    id: 'methods/head',
    name: 'HEAD is answered and over: the connection ends at once',
    rule: 'standard',
    why: 'a server that runs its GET opens a stream that nobody reads and nothing ends',
    async check(target) {
      const exchange = target.connect()
      exchange.send({ method: 'HEAD', path: target.streamPath() })
      await exchange.answer()
      equal('the end of the connection', await exchange.ended(), 'end')
    },
  },
  {
    id: 'methods/head-body',
    name: 'the answer to HEAD has no body',
    rule: 'standard',
    why: 'its bytes are read as the beginning of the next answer',
    async check(target) {
      const exchange = target.connect()
      exchange.send({ method: 'HEAD', path: target.streamPath() })
      await exchange.answer()
      await pause(200)
      equal('answers', exchange.answers.length, 1)
      equal('bytes after the headers', exchange.leftover, '')
    },
  },
  {
    id: 'methods/head-headers',
    name: 'HEAD gets the status and headers of the GET',
    rule: 'standard',
    why: 'monitors ask with HEAD, and would see a type or a cache rule that no client gets',
    async check(target) {
      const head = await target.call({ method: 'HEAD', path: target.streamPath() })
      const { answer } = await target.stream()
      for (const name of ['content-type', 'cache-control'])
        equal(name, head.header(name), answer.header(name))
      equal('the status', head.status, answer.status)
    },
  },
  ...['PUT', 'PATCH', 'DELETE'].map((method): Case => ({
    id: `methods/${method.toLowerCase()}`,
    name: `${method} opens no stream, and a 405 says what is allowed`,
    rule: 'standard',
    why: 'RFC 9110 asks for Allow with every 405; a router that takes any method leaks streams',
    async check(target) {
      const path = target.streamPath()
      if (target.options.publish?.method === method && path.startsWith(target.options.publish.path)) return
      const answer = await target.call({ method, path, body: '' })
      expect(answer.status >= 400, 'the status', '405, or another refusal', answer.status)
      if (answer.status === 405)
        expect(/\bGET\b/.test(answer.header('allow') ?? ''), 'Allow', 'GET and more', answer.header('allow'))
    },
  })),
  {
    id: 'methods/unknown',
    name: 'a method that nobody knows opens no stream',
    rule: 'standard',
    why: 'what scanners send would be held open for ever',
    async check(target) {
      const { status } = await target.call({ method: 'BREW', path: target.streamPath() })
      expect(status >= 400, 'the status', 'a refusal', status)
    },
  },
  {
    id: 'methods/options',
    name: 'OPTIONS is answered and over',
    rule: 'standard',
    why: 'a preflight that runs the GET never ends, and the page waits for it',
    async check(target) {
      const answer = await target.call({ method: 'OPTIONS', path: target.streamPath() })
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
