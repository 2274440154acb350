import { setTimeout as pause } from 'node:timers/promises'
import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'
import { fastestMs } from '../kit/fastest.ts'
import type { Stream, StreamEvent } from '../kit/stream.ts'
import type { Target } from '../kit/target.ts'

/** The first block, `retry` and the heartbeat: what a stream says by itself. */
export const hello: Case[] = [
  {
    id: 'hello/at-once',
    name: 'a stream says hello within a second, before any event',
    rule: 'lab',
    why: 'a first byte opens the buffers of proxies on the way, and the page knows that it is live',
    async check(target) {
      const { atOnceMs } = target.options
      const ms = await fastestMs(atOnceMs, async () => {
        const begun = Date.now()
        const stream = await target.stream()
        const { at } = await stream.next('hello', ({ type }) => type === 'hello')
        stream.close()
        return at - begun
      })
      expect(ms <= atOnceMs, 'hello', `it within ${atOnceMs} ms`, `${ms} ms`)
    },
  },
  {
    id: 'hello/first-block',
    name: 'the first block is retry, hello and its data, all in one',
    rule: 'lab',
    why: 'a block of its own for retry has no id, and by the standard wipes the id that a browser came back with',
    async check(target) {
      const stream = await target.stream()
      await stream.hello()
      const names = stream.lines.blocks[0]?.fields.map(([name]) => name).filter(name => name !== 'id')
      equal('fields of the first block', names, ['retry', 'event', 'data'])
      equal('its event', stream.lines.blocks[0]?.fields.find(([name]) => name === 'event')?.[1], 'hello')
    },
  },
  {
    id: 'hello/one-piece',
    name: 'hello is in one chunk, and nothing comes before it',
    rule: 'lab',
    why: 'pieces travel in packets of their own: each is a chance for a proxy to wait',
    async check(target) {
      const stream = await target.stream()
      await stream.hello()
      const end = stream.lines.blocks[0]?.endsAt ?? 0
      const inside = stream.answer.chunkEnds.filter(at => at < end)
      equal(`chunks that end inside the ${end} bytes of hello`, inside, [])
      expect(
        stream.text.startsWith('retry: '),
        'the beginning of the stream',
        'retry:',
        stream.text.slice(0, 40),
      )
    },
  },
  {
    id: 'hello/data',
    name: 'hello names the worker, its process, its bus and the time between heartbeats',
    rule: 'lab',
    why: 'the page and every proof tell by it which worker holds a stream',
    async check(target) {
      const data = await (await target.stream()).hello()
      expect(
        data.worker.endsWith(`/${data.instance}`),
        'worker',
        `a name that ends with /${data.instance}`,
        data.worker,
      )
      expect(['memory', 'pubsub', 'streams'].includes(data.bus), 'bus', 'memory, pubsub or streams', data.bus)
      expect(data.heartbeatMs >= 0 && data.pid > 0, 'heartbeatMs and pid', 'numbers that can be', [
        data.heartbeatMs,
        data.pid,
      ])
    },
  },
  {
    id: 'hello/worker-names',
    name: 'workers that differ have names that differ',
    rule: 'lab',
    why: 'two hosts of one name list as one: a dead worker is not seen, and a kill hits the wrong process',
    async check(target) {
      const streams = await Promise.all(Array.from({ length: 12 }, () => target.stream()))
      const all = await Promise.all(streams.map(stream => stream.hello()))
      for (const { worker, instance, pid } of all) {
        const sameName = all.filter(other => other.worker === worker)
        const processes = new Set(sameName.map(other => `${other.instance}, pid ${other.pid}`))
        equal(`who is called ${worker}`, [...processes], [`${instance}, pid ${pid}`])
      }
    },
  },
  {
    id: 'hello/id',
    name: 'hello has the id of the position that the stream starts after',
    rule: 'lab',
    why: 'a stream that is cut before its first event has nothing else to resume from',
    needs: ['history'],
    async check(target) {
      const stream = await target.stream()
      const { id } = await stream.next('hello', ({ type }) => type === 'hello')
      expect(/^\d+-\d+$/.test(id ?? ''), 'the id of hello', 'a position like 1700000000000-0', id)
    },
  },
  {
    id: 'hello/no-id',
    name: 'without a history hello has no id',
    rule: 'lab',
    why: 'a browser would come back with it, and no position is behind it',
    needs: ['no-history'],
    async check(target) {
      const { id } = await (await target.stream()).next('hello', ({ type }) => type === 'hello')
      equal('the id of hello', id, undefined)
    },
  },
  {
    id: 'retry/digits',
    name: 'every retry is ASCII digits alone',
    rule: 'must',
    why: 'a browser ignores "3s" and "1e3", and comes back after its own default',
    after: ['delivery/arrives'],
    async check(target) {
      const stream = await target.stream()
      if (target.options.publish !== undefined) await target.dataBeforeEnd(stream)
      const values = stream.lines.blocks.flatMap(({ fields }) => fields).filter(([name]) => name === 'retry')
      for (const [, value] of values) expect(/^[0-9]+$/.test(value), 'retry', 'digits', value)
    },
  },
  {
    id: 'retry/lone',
    name: 'no block is a lone retry',
    rule: 'lab',
    why: 'its blank line dispatches nothing but wipes the id of a browser that came back: it resumes from nowhere',
    after: ['delivery/arrives'],
    async check(target) {
      const stream = await target.stream({ headers: { 'Last-Event-ID': '1-1' } })
      if (target.options.publish !== undefined) await target.dataBeforeEnd(stream)
      const lone = stream.lines.blocks.filter(({ fields }) => fields.every(([name]) => name === 'retry'))
      equal('blocks of retry alone', lone.length, 0)
    },
  },
  {
    id: 'retry/spread',
    name: 'retry is between a tenth of a second and a minute, and differs between streams',
    rule: 'lab',
    why: 'clients that are told the same time come back together, and take the server down again',
    async check(target) {
      const streams = await Promise.all(Array.from({ length: 8 }, () => target.stream()))
      await Promise.all(streams.map(stream => stream.hello()))
      const times = streams.flatMap(({ retries }) => retries)
      expect(
        times.length === 8 && times.every(ms => ms >= 100 && ms <= 60_000),
        'retry',
        '8 within 100 to 60000',
        times,
      )
      expect(new Set(times).size > 1, 'retry of 8 streams', 'different times', times)
    },
  },
  {
    id: 'heartbeat/comes',
    name: 'heartbeats come by themselves, at the pace that hello names',
    rule: 'lab',
    why: 'a proxy cuts a stream that is quiet for its read timeout, 60 s in nginx',
    needs: ['heartbeat'],
    async check(target) {
      const stream = await target.stream()
      const { heartbeatMs } = await stream.hello()
      const beats = () => stream.events.filter(({ type }) => type === 'heartbeat')
      // The first comes at the worker's own time, the second one period after it.
      await stream.next(
        'two heartbeats',
        () => beats().length >= 2,
        heartbeatMs * 2.5 + target.options.atOnceMs,
      )
    },
  },
  {
    id: 'heartbeat/empty',
    name: 'a heartbeat is an event with empty data',
    rule: 'lab',
    why: 'a page cannot hear a comment, so it would not notice that a stream has died',
    needs: ['heartbeat'],
    async check(target) {
      const stream = await target.stream()
      const beat = await heartbeat(stream, target)
      equal('its data', beat.data, '')
    },
  },
  {
    id: 'heartbeat/id',
    name: 'a heartbeat has the id of a position, and one can resume from it without a gap',
    rule: 'lab',
    why: 'clients of quiet topics would fall behind the end of the log, and get a gap for nothing',
    needs: ['heartbeat', 'history', 'publish'],
    async check(target) {
      const stream = await target.stream()
      const beat = await heartbeat(stream, target)
      expect(/^\d+-\d+$/.test(beat.id ?? ''), 'its id', 'a position', beat.id)
      await target.publish('after')
      const again = await target.stream({ headers: { 'Last-Event-ID': beat.id } })
      equal('the data that came', await target.dataBeforeEnd(again), ['after'])
      equal('gaps', again.gaps.length, 0)
    },
  },
  {
    id: 'hello/quiet',
    name: 'a stream on which nothing is published stays open',
    rule: 'lab',
    why: 'one that ends comes back, and ends again: polling by another name',
    async check(target) {
      const stream = await target.stream()
      await pause(target.options.quietMs)
      equal('the end of the stream', stream.exchange.wire.over, undefined)
      equal('the end of its body', stream.answer.complete, false)
    },
  },
]

/** The next heartbeat, within one and a half of the times between two of them. */
async function heartbeat(stream: Stream, target: Target): Promise<StreamEvent> {
  const { heartbeatMs } = await stream.hello()
  const withinMs = heartbeatMs * 1.5 + target.options.atOnceMs
  return await stream.next('a heartbeat', ({ type }) => type === 'heartbeat', withinMs)
}
