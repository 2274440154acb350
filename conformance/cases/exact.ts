import { gzipSync } from 'node:zlib'
import type { Case } from '../kit/case.ts'
import { equal } from '../kit/expect.ts'
import { refusedWith } from '../kit/problem.ts'
import type { Target } from '../kit/target.ts'

const needs = ['publish'] as const

/** Publishes JSON as it is written here, which no JSON.stringify would write. */
async function publishText(target: Target, data: string): Promise<void> {
  const { status } = await target.post(`{"topic":"${target.topic}","data":${data}}`)
  equal(`the status for ${data}`, status, 202)
}

/** Fails unless each of these texts of JSON arrives as it was sent. */
async function arriveAsSent(target: Target, texts: string[]): Promise<void> {
  const stream = await target.stream()
  for (const text of texts) await publishText(target, text)
  equal('the data that came', await target.dataBeforeEnd(stream), texts)
}

const wrongBytes: [what: string, bytes: number[]][] = [
  ['é in Latin-1', [0xe9]],
  ['a lone byte of a sequence', [0xa9]],
  ['a sequence that is cut', [0xf0, 0x9f, 0x98]],
  ['/ in two bytes', [0xc0, 0xaf]],
  ['/ in three bytes', [0xe0, 0x80, 0xaf]],
  ['an emoji as two surrogates (CESU-8)', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
  ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a byte that UTF-8 does not have', [0xff]],
]

/** Text in JSON with one place for bytes, in the value and elsewhere. */
function withBytes(topic: string, bytes: number[]): Buffer[] {
  const texts = ['"data":"a•b"', '"data":{"a•":1}', '"type":"a•b","data":1', '"data":1,"a•":1']
  return texts.map(text => {
    const [before = '', after = ''] = `{"topic":"${topic}",${text}}`.split('•')
    return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])
  })
}

/** What is acknowledged is what was sent. */
export const exact: Case[] = [
  {
    id: 'publish/digits',
    name: 'every number in data arrives digit for digit',
    rule: 'lab',
    why: 'ids above 2^53 become other ids, and prices other prices, while the publisher was told 202',
    needs,
    async check(target) {
      const numbers = ['12345678901234567890', '-12345678901234567890', '0.1234567890123456789', '1.0']
      const short = ['-0', '1e400', '-1E-400', '1E5', '100e-2', '0.10']
      const nested = '{"id":9007199254740993,"deep":[{"list":[1.0,[-0,1e400]]}],"text":"1.0"}'
      await arriveAsSent(target, [...numbers, ...short, `[${[...numbers, ...short].join(',')}]`, nested])
    },
  },
  {
    id: 'publish/escaped-surrogate',
    name: 'half of a surrogate pair within JSON data arrives as the escape that it was sent as',
    rule: 'lab',
    why: 'a server that writes U+FFFD for it has changed what it acknowledged',
    needs,
    async check(target) {
      await arriveAsSent(target, [
        String.raw`{"a":"x\ud800"}`,
        String.raw`["\udc00\ud800"]`,
        String.raw`{"\udfff":1}`,
      ])
    },
  },
  {
    id: 'publish/half-surrogate',
    name: 'a text with half of a surrogate pair, as data or type, gets 400 and problem details, and reaches nobody',
    rule: 'lab',
    why: 'no stream can carry it: clients would get U+FFFD, and the publisher a 202 for something else',
    needs,
    async check(target) {
      const stream = await target.stream()
      for (const half of [String.raw`\ud800`, String.raw`a\uDC00b`, String.raw`\udc00\ud800`]) {
        for (const fields of [`"data":"${half}"`, `"data":1,"type":"${half}"`]) {
          const answer = await target.post(`{"topic":"${target.topic}",${fields}}`)
          refusedWith(answer, 400, 'bad-field')
        }
      }
      equal('the data that came', await target.dataBeforeEnd(stream), [])
    },
  },
  {
    id: 'publish/not-utf8',
    name: 'a body that is not UTF-8 gets 400 and problem details, and reaches nobody',
    rule: 'lab',
    why: 'a lenient decoder writes U+FFFD for what it cannot read, and the publisher is told 202',
    needs,
    async check(target) {
      const stream = await target.stream()
      for (const [what, bytes] of wrongBytes) {
        const [first = Buffer.alloc(0), ...others] = withBytes(target.topic, bytes)
        for (const body of [first, ...others]) notText(await target.post(body), what)
        notText(await target.post(gzipSync(first), { 'Content-Encoding': 'gzip' }), `${what}, in gzip`)
      }
      equal('the data that came', await target.dataBeforeEnd(stream), [])
    },
  },
]

function notText(answer: Parameters<typeof refusedWith>[0], what: string): void {
  try {
    refusedWith(answer, 400, 'bad-json')
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
