import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'
import { refusedWith } from '../kit/problem.ts'
import type { Target } from '../kit/target.ts'

const needs = ['publish'] as const
const text = 'é€😀'
const bodyOf = (target: Target, data = text): string => JSON.stringify({ topic: target.topic, data })

/** A refused body has reached nobody: a publisher who mends and repeats it would be heard twice. */
async function nothingCame(target: Target, refusals: () => Promise<void>): Promise<void> {
  const stream = await target.stream()
  await refusals()
  equal('the data that came', await target.dataBeforeEnd(stream), [])
}

/** How a body is declared and encoded: Content-Type and Content-Encoding. */
export const bodies: Case[] = [
  {
    id: 'publish/charset',
    name: 'UTF-8 may be declared as utf8, in quotes, in any case, or not at all',
    rule: 'lab',
    why: 'clients write all of these, and a 415 for one of them is found in production',
    needs,
    async check(target) {
      const stream = await target.stream()
      const types = ['', ';charset=utf8', '; charset="UTF-8"', '; charset=UTF-8', '; charset="utf8"']
      for (const parameter of types) {
        const type = `application/json${parameter}`
        const { status } = await target.post(bodyOf(target), { 'Content-Type': type })
        equal(`the status for ${type}`, status, 202)
      }
      equal('the data that came', await target.dataBeforeEnd(stream), Array(types.length).fill(text))
    },
  },
  {
    id: 'publish/other-charset',
    name: 'a body in another charset gets 415 and problem details',
    rule: 'lab',
    why: 'JSON is UTF-8: what decodes more than that takes what another part of the system reads otherwise',
    needs,
    async check(target) {
      await nothingCame(target, async () => {
        for (const charset of ['utf-16', 'utf-16le', 'utf-32', 'utf-7', 'iso-8859-1', 'windows-1252', 'x']) {
          const body = Buffer.from(bodyOf(target), charset.startsWith('utf-16') ? 'utf16le' : 'utf8')
          const type = `application/json; charset=${charset}`
          refusedWith(await target.post(body, { 'Content-Type': type }), 415, 'not-json')
        }
      })
    },
  },
  {
    id: 'publish/encoded',
    name: 'a body in gzip or deflate is taken',
    rule: 'lab',
    why: 'publishers of large events save three quarters of the way to the server',
    needs,
    async check(target) {
      const stream = await target.stream()
      const ways = { gzip: gzipSync, deflate: deflateSync }
      for (const [encoding, encode] of Object.entries(ways)) {
        const body = encode(bodyOf(target, encoding))
        const { status } = await target.post(body, { 'Content-Encoding': encoding })
        equal(`the status for ${encoding}`, status, 202)
      }
      equal('the data that came', await target.dataBeforeEnd(stream), Object.keys(ways))
    },
  },
  {
    id: 'publish/other-encoding',
    name: 'a body in any other encoding gets 415 and problem details',
    rule: 'lab',
    why: 'what is taken against the contract is relied upon, until a library or a proxy on the way changes',
    needs,
    async check(target) {
      await nothingCame(target, async () => {
        const ways = {
          br: brotliCompressSync,
          zstd: zstdCompressSync,
          'x-unknown': (body: string) => Buffer.from(body),
        }
        for (const [encoding, encode] of Object.entries(ways)) {
          const answer = await target.post(encode(bodyOf(target)), { 'Content-Encoding': encoding })
          refusedWith(answer, 415, 'not-json')
        }
      })
    },
  },
  {
    id: 'publish/broken-gzip',
    name: 'a body that is not the gzip or deflate that it says gets 400 and problem details that name it',
    rule: 'lab',
    why: 'whoever reads "refused" looks for the fault in his JSON',
    needs,
    async check(target) {
      await nothingCame(target, async () => {
        const whole = gzipSync(bodyOf(target))
        const broken: [encoding: string, body: Buffer][] = [
          ['gzip', Buffer.from(bodyOf(target))],
          ['gzip', whole.subarray(0, -12)],
          ['gzip', Buffer.concat([whole.subarray(0, 12), Buffer.alloc(8, 0xff), whole.subarray(20)])],
          ['deflate', Buffer.from(bodyOf(target))],
        ]
        for (const [encoding, body] of broken) {
          const answer = await target.post(body, { 'Content-Encoding': encoding })
          const detail = refusedWith(answer, 400, 'bad-json')
          expect(
            /gzip|deflate|encod|compress/i.test(detail),
            'the detail',
            'one that names the encoding',
            detail,
          )
        }
      })
    },
  },
]
