import type { Case } from '../kit/case.ts'
import { equal, expect, Skip } from '../kit/expect.ts'
import { fastestMs } from '../kit/fastest.ts'

export const headers: Case[] = [
  {
    id: 'headers/at-once',
    name: 'the headers come within a second, before any event',
    rule: 'must',
    why: 'EventSource says open when they come: a page that waits for the first event looks broken until then',
    async check(target) {
      const { atOnceMs } = target.options
      const ms = await fastestMs(atOnceMs, async () => {
        const begun = Date.now()
        const stream = await target.stream()
        stream.close()
        return stream.answer.arrivedAt - begun
      })
      expect(ms <= atOnceMs, 'the headers', `them within ${atOnceMs} ms`, `${ms} ms`)
    },
  },
  {
    id: 'headers/content-type',
    name: 'the content type is text/event-stream, with no parameter but charset=utf-8',
    rule: 'must',
    why: 'an EventSource gives up for good on any other type',
    async check(target) {
      const type = (await target.stream()).answer.header('content-type')
      const fits = /^text\/event-stream(?:\s*;\s*charset="?utf-8"?)?$/i.test(type ?? '')
      expect(fits, 'Content-Type', 'text/event-stream', type)
    },
  },
  {
    id: 'headers/no-cache',
    name: 'caches may not keep the stream',
    rule: 'should',
    why: 'a cache on the way answers the next client with an old stream, or waits for the end of this one',
    async check(target) {
      const control = (await target.stream()).answer.header('cache-control')
      expect(
        /\b(?:no-store|no-cache)\b/i.test(control ?? ''),
        'Cache-Control',
        'no-store or no-cache',
        control,
      )
    },
  },
  {
    id: 'headers/cache-control',
    name: 'Cache-Control is no-store, no-transform',
    rule: 'lab',
    why: 'no-transform keeps compressors on the way out: they hold events back until their block is full',
    async check(target) {
      equal('Cache-Control', (await target.stream()).answer.header('cache-control'), 'no-store, no-transform')
    },
  },
  {
    id: 'headers/no-length',
    name: 'a stream has no Content-Length',
    rule: 'must',
    why: 'a client takes that many bytes, and the stream is over',
    async check(target) {
      equal('Content-Length', (await target.stream()).answer.header('content-length'), undefined)
    },
  },
  {
    id: 'headers/identity',
    name: 'a client that takes no encoding gets none',
    rule: 'must',
    why: 'bytes that it cannot read are no events',
    async check(target) {
      const stream = await target.stream({ headers: { 'Accept-Encoding': 'identity' } })
      equal('Content-Encoding', stream.answer.header('content-encoding'), undefined)
    },
  },
  {
    id: 'headers/no-gzip',
    name: 'a client that takes gzip and br gets a stream without them',
    rule: 'lab',
    why: 'a compressor holds events back until its block is full: they arrive late and in bursts',
    async check(target) {
      const stream = await target.stream({ headers: { 'Accept-Encoding': 'gzip, deflate, br, zstd' } })
      equal('Content-Encoding', stream.answer.header('content-encoding'), undefined)
    },
  },
  {
    id: 'headers/accel-buffering',
    name: 'X-Accel-Buffering is no, and reaches the client',
    rule: 'lab',
    why: 'an nginx that takes it (without proxy_pass_header X-Accel-Buffering) leaves the next one to hold events back',
    async check(target) {
      equal('X-Accel-Buffering', (await target.stream()).answer.header('x-accel-buffering'), 'no')
    },
  },
  {
    id: 'headers/date',
    name: 'the answer has a Date',
    rule: 'should',
    why: 'RFC 9110 asks it of every server with a clock; caches and logs on the way count from it',
    async check(target) {
      const date = (await target.stream()).answer.header('date')
      expect(!Number.isNaN(Date.parse(date ?? '')), 'Date', 'a date', date)
    },
  },
  {
    id: 'headers/accept-any',
    name: 'a client that accepts anything gets the stream',
    rule: 'should',
    why: 'curl and fetch say */*',
    async check(target) {
      if (target.options.headers.accept !== undefined) throw new Skip('--header says what is accepted')
      const { answer } = await target.stream({ headers: { Accept: '*/*' } })
      expect(
        /^text\/event-stream/i.test(answer.header('content-type') ?? ''),
        'Content-Type',
        'text/event-stream',
        answer.header('content-type'),
      )
    },
  },
  {
    id: 'headers/accept-other',
    name: 'a client that asks for JSON, or says nothing, gets the stream all the same',
    rule: 'lab',
    why: 'there is one form of this answer, and a 406 would end an EventSource behind a proxy that rewrites Accept',
    async check(target) {
      for (const accept of ['application/json', undefined]) {
        const { answer } = await target.stream({ headers: { Accept: accept } })
        equal(`Content-Type for Accept: ${accept}`, answer.header('content-type'), 'text/event-stream')
      }
    },
  },
  {
    id: 'headers/well-formed',
    name: 'status line and headers are well-formed',
    rule: 'must',
    why: 'strict proxies answer 502 where lenient ones pass it on',
    async check(target) {
      equal('faults', (await target.stream()).answer.faults, [])
    },
  },
]
