import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Case } from '../kit/case.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { decoded } from '../kit/decoded.ts'
import { expect, Failure, Skip } from '../kit/expect.ts'

const streamsOfAll = 8
const eventsForAll = 4
const steadyTries = 8
// HAProxy holds small writes for 200 ms. Far above what a proxy needs, and below what nobody notices.
const steadyDelayMsMax = 120
const steadySpreadMsMax = 100

const elsewhere = '; or what is published goes elsewhere (--publish, --publish-body, {topic} in --stream)'

/** Whether events come at all, to everybody, in time. */
export const delivery: Case[] = [
  {
    id: 'delivery/arrives',
    name: 'what is published comes to every open stream',
    rule: 'must',
    why: 'workers that do not hear each other, or a proxy that holds events, look like a page that sometimes works',
    needs: ['publish'],
    async check(target) {
      const streams = await Promise.all(Array.from({ length: streamsOfAll }, () => target.stream()))
      const all = Array.from({ length: eventsForAll }, () => `event-${randomUUID()}`)
      await target.publishAll(all)
      const missing = () =>
        streams.map(({ events }) => all.filter(it => !events.some(({ raw }) => raw.includes(it))).length)
      const complete = () => missing().every(count => count === 0)
      await until('every event', target.options.withinMs, complete).catch(() => undefined)
      const lost = missing()
      if (lost.every(count => count === 0)) return
      const total = lost.reduce((sum, count) => sum + count, 0)
      const [open] = streams.map(({ state }) => state)
      throw new Failure(
        `of ${all.length} events on each of ${streams.length} streams within ${target.options.withinMs} ms: ` +
          `wanted all, missing ${lost.join(', ')}; the first stream ${open}${total === streams.length * all.length ? elsewhere : ''}`,
      )
    },
  },
  {
    id: 'delivery/own-events-encoded',
    name: 'what a stream says by itself comes as well to a client that takes gzip, as every browser does',
    rule: 'must',
    why: 'a compressor that is not flushed holds events until its block is full, and curl sees nothing of it',
    async check(target) {
      const { withinMs, quietMs } = target.options
      const plain = await target.stream()
      const said = () => plain.answer.length > 0
      const speaks = await until('anything', quietMs, said).catch(() => false)
      if (!speaks) throw new Skip(`the stream said nothing by itself within ${quietMs} ms`)
      plain.close()
      const encoded = await target.stream({ headers: { 'Accept-Encoding': 'gzip, deflate, br, zstd' } })
      const heard = () => decoded(encoded.answer).length > 0
      const came = await until('the same', withinMs, heard).catch(() => false)
      const { length } = encoded.answer
      const encoding = encoded.answer.header('content-encoding') ?? 'identity'
      expect(came, `what it said, in ${encoding}`, `it within ${withinMs} ms`, `${length} bytes`)
    },
  },
  {
    id: 'delivery/steady-delay',
    name: 'an event does not come a steady moment later than the answer to its publish',
    rule: 'should',
    why: 'HAProxy without http-no-delay adds 200 ms to each small event, and every proxy that waits for more does the like',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      const delays: number[] = []
      for (let n = 0; n < steadyTries; n++) {
        // Out of step with a server that looks for events at a pace of its own: its delays differ, and are no proxy's.
        await pause(20 + ((n * 137) % 600))
        const data = randomUUID()
        const answer = await target.callToPublish(target.publishRequest({ data }))
        const { at } = await stream.next('the event', ({ raw }) => raw.includes(data))
        // The publish went the same way under the same load: only what comes on top is the stream's own.
        delays.push(at - answer.arrivedAt)
      }
      // A machine that stands still for a moment changes one or two of them, in either direction.
      const [low = 0, middle = 0, high = 0] = quartiles(delays)
      expect(
        middle <= steadyDelayMsMax || high - low > steadySpreadMsMax,
        `delays after the answer to the publish`,
        `them below ${steadyDelayMsMax} ms, or of no one length`,
        delays.map(ms => `${ms} ms`),
      )
    },
  },
]

function quartiles(values: number[]): number[] {
  const rising = values.toSorted((one, other) => one - other)
  return [1, 2, 3].map(quarter => rising[Math.floor((rising.length * quarter) / 4)] ?? 0)
}
