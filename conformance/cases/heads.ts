import type { Case } from '../kit/case.ts'
import { requestText, type RequestParts } from '../kit/exchange.ts'
import { refused } from '../kit/problem.ts'
import type { Target } from '../kit/target.ts'

type Input = { id: string; name: string; request: (target: Target) => { text: string; method: string } }

const from = (target: Target, { method = 'GET', ...parts }: RequestParts) => ({
  text: requestText(target.options.base, { method, ...parts }),
  method,
})

const inputs: Input[] = [
  {
    id: 'long-url',
    name: 'a URL of 100 kB',
    request: target => from(target, { path: target.streamPath(undefined, `x=${'x'.repeat(100_000)}`) }),
  },
  {
    id: 'long-header',
    name: 'a header of 300 kB',
    request: target =>
      from(target, { path: target.streamPath(), headers: { 'X-Long': 'x'.repeat(300_000) } }),
  },
  {
    id: 'no-http',
    name: 'what is no HTTP',
    request: () => ({ text: '\u0016\u0003\u0001 this is no request\r\n\r\n', method: 'GET' }),
  },
  {
    id: 'unknown-coding',
    name: 'a Transfer-Encoding that nobody knows',
    request: target =>
      from(target, { method: 'POST', path: '/events', headers: { 'Transfer-Encoding': 'x-unknown' } }),
  },
]

/** What is refused before any path is looked at: by the HTTP parser, or by a proxy in front of it. */
const refusal = ({ id, name, request }: Input): Case => ({
  id: `http/${id}`,
  name: `${name} gets problem details, and no 5xx`,
  rule: 'lab',
  why: 'a page in HTML, or nothing, tells a program no reason, and a 5xx makes it repeat the call',
  async check(target) {
    const { text, method } = request(target)
    const exchange = target.connect()
    // In one write: a second one could meet the reset of a server that has answered and left, and lose its answer.
    exchange.sendText(text, method)
    refused(await exchange.answer())
  },
})

/** The heads of requests: how long they may be, and what comes where that is too long, or no head at all. */
export const heads: Case[] = [
  {
    id: 'http/long-cookie',
    name: 'a client with a cookie of 9,000 bytes gets the stream',
    rule: 'lab',
    why: 'single sign-on makes such cookies, and the 400 or 431 of a proxy or server ends an EventSource for good',
    async check(target) {
      const long = `session=${'x'.repeat(9000 - 'session='.length)}`
      await target.stream({
        headers: { Cookie: [target.options.headers.cookie, long].filter(Boolean).join('; ') },
      })
    },
  },
  ...inputs.map(refusal),
]
