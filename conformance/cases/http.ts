import type { Case } from '../kit/case.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { decoded } from '../kit/decoded.ts'
import { fastestMs } from '../kit/fastest.ts'
import { equal, expect } from '../kit/expect.ts'

const publish = ['publish'] as const
const asBrowsers = 'gzip, deflate, br, zstd'

/** HTTP/1.0 and HTTP/1.1 on the wire. */
export const http: Case[] = [
  {
    id: 'http/one-zero',
    name: 'an HTTP/1.0 client gets the stream without chunks',
    rule: 'must',
    why: 'it would read chunk sizes as lines of the stream; old proxies speak HTTP/1.0 to their servers',
    needs: publish,
    async check(target) {
      const stream = await target.stream({ version: '1.0' })
      equal('Transfer-Encoding', stream.answer.header('transfer-encoding'), undefined)
      await target.publish('a')
      equal('the data that came', await target.dataBeforeEnd(stream), ['a'])
    },
  },
  {
    id: 'http/one-zero-without-host',
    name: 'an HTTP/1.0 client that names no host gets the stream',
    rule: 'should',
    why: 'HTTP/1.0 has no Host: a server that insists on it answers 400, which ends the client for good',
    async check(target) {
      await target.stream({ version: '1.0', headers: { Host: undefined, Connection: undefined } })
    },
  },
  {
    id: 'http/one-zero-call',
    name: 'an HTTP/1.0 publish is answered, and the connection ends',
    rule: 'must',
    why: 'the end of the connection is all that tells such a caller that the answer is whole',
    needs: publish,
    async check(target) {
      const exchange = target.connectToPublish()
      exchange.send({ ...target.publishRequest({ data: 1 }, { Connection: undefined }), version: '1.0' })
      const { status } = await exchange.answer()
      expect(status >= 200 && status <= 299, 'the status', '202', status)
      equal('the end of the connection', await exchange.ended(), 'end')
    },
  },
  {
    id: 'http/host',
    name: 'an HTTP/1.1 request without Host gets 400',
    rule: 'should',
    why: 'RFC 9112 asks for it: whoever guesses the host can be made to answer for another',
    async check(target) {
      const { status } = await target.call(target.streamRequest({ headers: { Host: undefined } }))
      equal('the status', status, 400)
    },
  },
  {
    id: 'http/framing',
    name: 'the framing of the stream is faultless, chunk by chunk',
    rule: 'must',
    why: 'a wrong chunk size cuts the stream at a random place: clients come back for ever',
    needs: publish,
    async check(target) {
      const stream = await target.stream()
      await target.publishAll(['a', 'é'.repeat(5000), 'c'])
      await target.dataBeforeEnd(stream)
      equal('faults', stream.answer.faults, [])
    },
  },
  {
    id: 'http/whole',
    name: 'an event arrives whole within a second, although no other follows',
    rule: 'must',
    why: 'a layer that holds back the tail gives each event to its clients with the next one',
    needs: publish,
    async check(target) {
      const { atOnceMs } = target.options
      const ms = await fastestMs(atOnceMs, async () => {
        const stream = await target.stream()
        await target.publish('alone')
        const { at } = await stream.next('the event, alone', ({ data }) => data === 'alone')
        stream.close()
        return at - target.lastSentAt
      })
      expect(ms <= atOnceMs, 'the event, alone', `it within ${atOnceMs} ms`, `${ms} ms`)
    },
  },
  {
    id: 'http/whole-encoded',
    name: 'an event arrives whole within a second for a client that takes gzip, as every browser does',
    rule: 'must',
    why: 'a compressor that is not flushed holds events until its block is full; curl without --compressed sees nothing of it',
    needs: publish,
    after: ['http/whole', 'delivery/own-events-encoded'],
    async check(target) {
      const { atOnceMs } = target.options
      let seen = ''
      const ms = await fastestMs(atOnceMs, async () => {
        const stream = await target.stream({ headers: { 'Accept-Encoding': asBrowsers } })
        await target.publish('alone')
        const came = () => decoded(stream.answer).includes('alone')
        const whole = await until('the event', atOnceMs * 2, came).catch(() => false)
        seen = `${stream.answer.length} bytes of ${stream.answer.header('content-encoding') ?? 'identity'}`
        stream.close()
        return whole ? Date.now() - target.lastSentAt : Infinity
      })
      expect(ms <= atOnceMs, 'the event', `it within ${atOnceMs} ms`, Number.isFinite(ms) ? `${ms} ms` : seen)
    },
  },
  {
    id: 'http/one-chunk',
    name: 'a small event is in one chunk',
    rule: 'lab',
    why: 'each write is a packet and a wake-up at both ends; a field by field server pays five times',
    needs: publish,
    after: ['framing/lf'],
    async check(target) {
      const stream = await target.stream()
      await target.publish('a\nb', { type: 'small' })
      await stream.data('a\nb')
      const block = stream.lines.blocks.find(({ fields }) => fields.some(([, value]) => value === 'small'))
      const { startsAt = 0, endsAt = 0 } = block ?? {}
      const inside = stream.answer.chunkEnds.filter(end => end > startsAt && end < endsAt)
      equal('chunks that end inside it', inside, [])
    },
  },
  {
    id: 'http/absolute-form',
    name: 'a request with the whole URL in its first line is served',
    rule: 'must',
    why: 'a client behind a forward proxy sends it, and RFC 9112 asks servers to take it',
    async check(target) {
      const { origin } = target.options.base
      const exchange = target.connect()
      const request = target.streamRequest()
      exchange.send({ ...request, path: `${origin}${request.path}` })
      equal('the status', (await exchange.head()).status, 200)
    },
  },
  {
    id: 'http/empty-line',
    name: 'an empty line before a request is ignored',
    rule: 'should',
    why: 'old clients send one behind the body of a POST',
    async check(target) {
      const exchange = target.connect()
      exchange.sendText(`\r\n${target.streamText()}`, target.options.method)
      equal('the status', (await exchange.head()).status, 200)
    },
  },
  {
    id: 'http/header-case',
    name: 'header names may be written in any case',
    rule: 'must',
    why: 'HTTP/2 proxies write them in lower case, old clients in capitals',
    needs: publish,
    async check(target) {
      const { headers = {}, ...request } = target.publishRequest({ data: 1 })
      const spelt = { 'cONTENT-tYPE': headers['Content-Type'] }
      const answer = await target.callToPublish({ ...request, headers: spelt })
      expect(answer.status >= 200 && answer.status <= 299, 'the status', '202', answer.status)
    },
  },
  {
    id: 'http/keep-alive',
    name: 'a connection carries one publish after another',
    rule: 'should',
    why: 'a publisher would pay a handshake for every event, and run out of ports',
    needs: publish,
    async check(target) {
      const exchange = target.connectToPublish()
      for (const n of [0, 1, 2]) {
        exchange.send(target.publishRequest({ data: n }, { Connection: undefined }))
        const { status, faults } = await exchange.answer(n)
        expect(status >= 200 && status <= 299, `the status of publish ${n}`, '202', status)
        equal('faults', faults, [])
      }
    },
  },
  {
    id: 'http/pipelined',
    name: 'requests that are sent at once on a connection are answered in their order',
    rule: 'must',
    why: 'a publisher would take the answer to one event for that to another',
    needs: publish,
    async check(target) {
      const stream = await target.stream()
      const exchange = target.connectToPublish()
      for (const data of ['0', '1', '2'])
        exchange.send(target.publishRequest({ data }, { Connection: undefined }))
      for (const n of [0, 1, 2]) {
        const { status } = await exchange.answer(n)
        expect(status >= 200 && status <= 299, `the status of publish ${n}`, '202', status)
      }
      equal('the data that came', (await target.dataBeforeEnd(stream)).toSorted(), ['0', '1', '2'])
    },
  },
  {
    id: 'http/expect-continue',
    name: 'a publisher that waits for 100 (Continue) gets it, or the final answer',
    rule: 'should',
    why: 'curl waits a second with every large body otherwise',
    needs: publish,
    async check(target) {
      const { body, ...request } = target.publishRequest({ data: 'expected' })
      const exchange = target.connectToPublish()
      const headers = {
        ...request.headers,
        Expect: '100-continue',
        'Content-Length': String(Buffer.byteLength(body)),
      }
      exchange.send({ ...request, headers })
      const first = await exchange.interimOrAnswer()
      if (first !== 100) return
      exchange.wire.write(body)
      const { status } = await exchange.answer()
      expect(status >= 200 && status <= 299, 'the status', '202', status)
    },
  },
  {
    id: 'http/chunked-publish',
    name: 'a publish whose body comes in chunks is taken',
    rule: 'must',
    why: 'a client that streams its body knows no length before; RFC 9112 asks servers to read chunks',
    needs: publish,
    async check(target) {
      const stream = await target.stream()
      const { body, ...request } = target.publishRequest({ data: 'in chunks' })
      const exchange = target.connectToPublish()
      exchange.send({ ...request, headers: { ...request.headers, 'Transfer-Encoding': 'chunked' } })
      for (const piece of [body.slice(0, 5), body.slice(5)]) {
        exchange.wire.write(`${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`)
      }
      exchange.wire.write('0\r\n\r\n')
      const { status } = await exchange.answer()
      expect(status >= 200 && status <= 299, 'the status', '202', status)
      equal('the data that came', await target.dataBeforeEnd(stream), ['in chunks'])
    },
  },
  {
    id: 'http/garbage',
    name: 'what is no HTTP gets 400 or the end of the connection',
    rule: 'should',
    why: 'a connection that nothing ends is held by whoever scans the port',
    async check(target) {
      const exchange = target.connect()
      exchange.sendText('\u0016\u0003\u0001 this is no request\r\n\r\n', 'GET')
      const over = await exchange.ended()
      const status = exchange.answers[0]?.status
      expect(
        over !== undefined && (status === undefined || status >= 400),
        'the end',
        'it, with 400 or nothing',
        [over, status],
      )
    },
  },
]
