import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'

const needs = ['publish'] as const
const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`)

/** Slow and fast clients, many of them, and what each must get. */
export const reading: Case[] = [
  {
    id: 'reading/dribbled-request',
    name: 'a request that comes byte by byte is served',
    rule: 'must',
    why: 'packets cut where they like: a server that parses each by itself answers 400',
    async check(target) {
      const exchange = target.connect()
      await exchange.dribble(target.streamText(), target.options.method, 1)
      equal('the status', (await exchange.head()).status, 200)
    },
  },
  {
    id: 'reading/dribbled-publish',
    name: 'a publish that comes in small pieces is taken whole',
    rule: 'must',
    why: 'a body arrives in pieces from every phone, and emoji are cut in the middle',
    needs,
    async check(target) {
      const stream = await target.stream()
      const exchange = target.connectToPublish()
      await exchange.dribble(target.publishText({ data: '😀€é'.repeat(20) }), 'POST', 3)
      const { status } = await exchange.answer()
      expect(status >= 200 && status <= 299, 'the status', '202', status)
      equal('the data that came', await target.dataBeforeEnd(stream), ['😀€é'.repeat(20)])
    },
  },
  {
    id: 'reading/byte-by-byte',
    name: 'a client that takes one byte at a time gets all events in order',
    rule: 'must',
    why: 'a stream that depends on whole packets breaks on the first poor connection',
    needs,
    async check(target) {
      const stream = await target.stream({ readBytes: 1 })
      const all = numbers(10).map(n => `${n} 😀 €`)
      await target.publishAll(all)
      equal('the data that came', await target.dataBeforeEnd(stream), all)
    },
  },
  {
    id: 'reading/paused',
    name: 'a client that stops reading for a while gets all events in order',
    rule: 'must',
    why: 'a tab in the background does so; what was written meanwhile must wait, whole',
    needs,
    async check(target) {
      const stream = await target.stream()
      const all = numbers(20).map(n => `${n} ${'x'.repeat(12_000)}`)
      stream.exchange.wire.pause()
      await target.publishAll(all)
      stream.exchange.wire.resume()
      equal('the data that came', await target.dataBeforeEnd(stream), all)
    },
  },
  {
    id: 'reading/from-the-first-moment',
    name: 'an event that is published as soon as the headers are there arrives',
    rule: 'lab',
    why: 'between hello and live there would be a hole, and nobody would know what fell into it',
    needs,
    async check(target) {
      for (const data of numbers(5)) {
        const stream = await target.stream()
        await target.publish(data)
        await stream.data(data)
        stream.close()
      }
    },
  },
  {
    id: 'reading/in-order',
    name: 'events that are published one after another arrive in that order',
    rule: 'lab',
    why: 'the last state wins in every page, so it must come last',
    needs,
    async check(target) {
      const stream = await target.stream()
      await target.publishAll(numbers(25))
      equal('the data that came', await target.dataBeforeEnd(stream), numbers(25))
    },
  },
  {
    id: 'reading/one-order',
    name: 'events that are published at once come to every client in one order',
    rule: 'lab',
    why: 'two pages that show the same topic would end in different states',
    needs,
    async check(target) {
      const streams = await Promise.all(Array.from({ length: 6 }, () => target.stream()))
      await Promise.all(numbers(20).map(data => target.publish(data)))
      await target.publish('end')
      for (const stream of streams) await stream.data('end')
      const [first, ...others] = streams.map(stream => target.published(stream).map(({ data }) => data))
      equal('events', first?.toSorted(), [...numbers(20), 'end'].toSorted())
      for (const other of others) equal('the order of another client', other, first)
    },
  },
  {
    id: 'reading/every-worker',
    name: 'streams get every event, whichever worker holds them and whichever took it',
    rule: 'lab',
    why: 'with N workers that do not hear each other, 1/N of the deliveries arrive',
    needs,
    async check(target) {
      const streams = await Promise.all(Array.from({ length: 12 }, () => target.stream()))
      await target.publishAll(numbers(8))
      await target.publish('end')
      for (const stream of streams) {
        await stream.data('end')
        equal(
          'the data that came',
          target.published(stream).map(({ data }) => data),
          [...numbers(8), 'end'],
        )
      }
    },
  },
  {
    id: 'reading/many',
    name: 'fifty clients of a topic get each event once',
    rule: 'lab',
    why: 'a list of clients that is changed while it is walked skips some, or takes some twice',
    needs,
    alone: true,
    async check(target) {
      const streams = await Promise.all(Array.from({ length: 50 }, () => target.stream()))
      // Half of them leave while the event is on its way.
      const publishing = target.publish('a')
      for (const stream of streams.splice(0, 25)) stream.close()
      await publishing
      await target.publish('end')
      for (const stream of streams) {
        await stream.data('end')
        equal(
          'the data that came',
          target.published(stream).map(({ data }) => data),
          ['a', 'end'],
        )
      }
    },
  },
  {
    id: 'reading/leaver',
    name: 'a client that resets its connection disturbs no other',
    rule: 'lab',
    why: 'an error that nobody takes ends the process, and all its streams with it',
    needs,
    async check(target) {
      const [stream, leaver] = [await target.stream(), await target.stream()]
      leaver.exchange.wire.close('reset')
      await target.publishAll(numbers(3))
      equal('the data that came', await target.dataBeforeEnd(stream), numbers(3))
    },
  },
]
