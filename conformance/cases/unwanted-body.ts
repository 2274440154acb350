import { setTimeout as pause } from 'node:timers/promises'
import type { Case } from '../kit/case.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { equal, expect } from '../kit/expect.ts'
import type { StreamRequest } from '../kit/target.ts'
import { connectionsOf } from '../kit/workers.ts'

// More than a server reads before somebody asks for it: 64 KiB, and as much again in the kernel's buffers.
const bytes = 200_000
const body = 'x'.repeat(bytes)
const withLength: StreamRequest = { body }
const chunked: StreamRequest = {
  headers: { 'Transfer-Encoding': 'chunked', 'Content-Length': undefined },
  body: `${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
}
const clients = 10

/** A GET with a body. It means nothing, and some clients and proxies send one. */
export const unwantedBody: Case[] = [
  {
    id: 'http/body-on-get',
    name: 'a body on the request for a stream is read away: the stream opens, and events arrive',
    rule: 'lab',
    why: 'a 4xx would end the client for good, and a body that nobody reads stops what comes behind it',
    needs: ['publish', 'get'],
    async check(target) {
      const streams = [await target.stream(withLength), await target.stream(chunked)]
      await target.publish('a')
      for (const stream of streams) equal('the data that came', (await stream.data('a')).data, 'a')
      await target.stream()
    },
  },
  {
    id: 'http/body-on-get-left',
    name: 'a client that sent a body and leaves is seen to leave',
    rule: 'lab',
    why: 'behind an unread body its end is not read either: the server holds, and counts, who is long gone',
    needs: ['workers', 'get'],
    alone: true,
    async check(target) {
      const { withinMs } = target.options
      // Streams of the case before stand in the list for another second.
      await pause(2000)
      const before = await connectionsOf(target)
      const ways = [withLength, chunked]
      const streams = await Promise.all(
        Array.from({ length: clients }, (_, n) => target.stream(ways[n % ways.length])),
      )
      // Workers write their lines once a second, each in its own: until then the list has streams that have left, and lacks some
      // that are open. What counts is the most that it has said.
      let held = 0
      const listed = async () => (held = Math.max(held, await connectionsOf(target))) >= before + clients
      await until('the streams in the list', withinMs, listed).catch(() => undefined)
      for (const stream of streams) stream.close()

      // Two leave room for others, who come and go as they like.
      const goal = held - clients + 2
      let last = held
      const left = async () => (last = await connectionsOf(target)) <= goal
      await until('the end of the streams', withinMs, left).catch(() => undefined)
      expect(last <= goal, `connections after ${clients} of ${held} left`, `at most ${goal}`, last)
    },
  },
]
