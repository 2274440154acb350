import type { Case } from '../kit/case.ts'
import type { Exchange } from '../kit/exchange.ts'
import { equal, expect } from '../kit/expect.ts'

const needs = ['publish'] as const
const requestsBehind = 200

/** No answer on this connection blames the server. */
function noServerError(exchange: Exchange): void {
  const statuses = exchange.answers.map(({ status }) => status)
  expect(
    statuses.every(status => status < 500),
    'the statuses',
    'none of 500 or above',
    statuses,
  )
}

/** A stream among other requests that were sent at once on one connection. */
export const pipelining: Case[] = [
  {
    id: 'http/stream-behind-call',
    name: 'a stream that is asked for in one packet with a publish opens behind its answer, or the connection ends',
    rule: 'lab',
    why: 'a 500 and a stack in the log are what anybody could fill the log with',
    needs,
    async check(target) {
      const stream = await target.stream()
      const exchange = target.connect()
      exchange.sendTogether([
        target.publishRequest({ data: 'before' }, { Connection: undefined }),
        target.streamRequest({ headers: { Connection: undefined } }),
      ])
      const { status } = await exchange.answer()
      expect(status >= 200 && status <= 299, 'the status of the publish', '202', status)
      const second = await exchange.head(1).catch((error: unknown) => {
        // An end is an answer, too: a client that asked for more on a connection asks for it again on the next.
        if (exchange.wire.over === undefined) throw error
      })
      if (second !== undefined) equal('the status of the stream', second.status, 200)
      equal('the data that came', await target.dataBeforeEnd(stream), ['before'])
    },
  },
  {
    id: 'http/calls-behind-stream',
    name: 'requests behind an open stream wait or end the connection, and others are served as before',
    rule: 'lab',
    why: 'each waits for as long as the stream is open: a server that keeps them all runs out of memory',
    needs,
    async check(target) {
      const [bystander, exchange] = [await target.stream(), target.connect()]
      const keep = { Connection: undefined }
      exchange.sendTogether([
        target.streamRequest({ headers: keep }),
        ...Array.from({ length: requestsBehind }, () => ({ path: '/nothing-is-here', headers: keep })),
      ])
      await exchange.head().catch((error: unknown) => {
        if (exchange.wire.over === undefined) throw error
      })
      await target.publish('meanwhile')
      equal('the data of a stream beside it', await target.dataBeforeEnd(bystander), ['meanwhile'])
      await target.stream()
      noServerError(exchange)
    },
  },
]
