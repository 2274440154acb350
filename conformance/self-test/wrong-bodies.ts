import { brotliDecompressSync, zstdDecompressSync } from 'node:zlib'
import { Model } from './model.ts'
import { bodySteps, Refused, type BodySteps } from './model-publish.ts'
import type { Wrong } from './wrong-streams.ts'

/** A server that reads bodies as the model does, but for these steps. */
function withSteps(steps: Partial<BodySteps>): Wrong['Server'] {
  return class extends Model {
    override bodySteps() {
      return { ...bodySteps, ...steps }
    }
  }
}

function asDoubles(text: string): unknown {
  bodySteps.parse(text)
  return JSON.parse(text)
}

const takesAlso = (more: Record<string, (bytes: Buffer) => Buffer>): Partial<BodySteps> => ({
  unpack: (bytes, encoding) => more[encoding]?.(bytes) ?? bodySteps.unpack(bytes, encoding),
})

/** Servers that acknowledge what was not sent, or refuse what they should take. */
export const wrongBodies: Wrong[] = [
  {
    name: 'reads numbers as doubles',
    Server: withSteps({ parse: asDoubles }),
    fails: ['publish/digits'],
  },
  {
    name: 'keeps the digits of data that is a number, and not of one within',
    Server: withSteps({
      parse: text => (/"data":[-\d]/.test(text) ? bodySteps.parse(text) : asDoubles(text)),
    }),
    fails: ['publish/digits'],
  },
  {
    name: 'writes U+FFFD for what is not UTF-8',
    Server: withSteps({ decode: bytes => bytes.toString() }),
    fails: ['publish/not-utf8'],
  },
  {
    name: 'reads bodies as Latin-1 where they are not UTF-8',
    Server: withSteps({
      decode: bytes => bytes.toString(bytes.toString().includes('\uFFFD') ? 'latin1' : 'utf8'),
    }),
    fails: ['publish/not-utf8'],
  },
  {
    name: 'takes surrogates that were encoded by themselves (CESU-8)',
    Server: withSteps({
      decode: bytes => {
        const text = bytes.toString('latin1').replaceAll(/\u00ed[\u00a0-\u00bf][\u0080-\u00bf]/g, '?')
        return bodySteps.decode(Buffer.from(text, 'latin1'))
      },
    }),
    fails: ['publish/not-utf8'],
  },
  {
    name: 'takes half of a surrogate pair as data',
    Server: withSteps({
      checkText: (text, what) => {
        if (what === 'type') bodySteps.checkText(text, what)
      },
    }),
    fails: ['publish/half-surrogate'],
  },
  {
    name: 'takes half of a surrogate pair as type',
    Server: withSteps({
      checkText: (text, what) => {
        if (what === 'data') bodySteps.checkText(text, what)
      },
    }),
    fails: ['publish/half-surrogate'],
  },
  {
    name: 'unescapes half of a surrogate pair within JSON',
    Server: withSteps({
      parse: text => bodySteps.parse(text.replaceAll(/(?<=[[{].*)\\u[dD][89a-f]../g, '\uFFFD')),
    }),
    fails: ['publish/escaped-surrogate', 'publish/half-surrogate'],
  },
  {
    name: 'knows utf-8 in that one spelling',
    Server: withSteps({
      checkType: type => {
        if (!/^application\/json(?:; charset=utf-8)?$/.test(type)) throw new Refused(415, 'not-json')
      },
    }),
    fails: ['publish/charset'],
  },
  {
    name: 'takes any charset',
    Server: withSteps({ checkType: type => bodySteps.checkType(type.replace(/;.*/, '')) }),
    fails: ['publish/not-json', 'publish/other-charset'],
  },
  {
    name: 'takes utf-16',
    Server: withSteps({
      checkType: type => bodySteps.checkType(type.replace(/utf-16.*/, 'utf-8')),
      decode: bytes => (bytes.includes('"\0') ? bytes.toString('utf16le') : bodySteps.decode(bytes)),
    }),
    fails: ['publish/other-charset'],
  },
  {
    name: 'takes no encoding',
    Server: withSteps({
      unpack: (bytes, encoding) => {
        if (encoding !== 'identity') throw new Refused(415, 'not-json')
        return bytes
      },
    }),
    fails: ['publish/not-utf8', 'publish/encoded', 'publish/broken-gzip'],
  },
  {
    name: 'takes br',
    Server: withSteps(takesAlso({ br: brotliDecompressSync })),
    fails: ['publish/other-encoding'],
  },
  {
    name: 'takes zstd',
    Server: withSteps(takesAlso({ zstd: zstdDecompressSync })),
    fails: ['publish/other-encoding'],
  },
  {
    name: 'takes an encoding that it does not know for none',
    Server: withSteps(takesAlso({ 'x-unknown': bytes => bytes })),
    fails: ['publish/other-encoding'],
  },
  {
    name: 'says of a broken gzip body that it is no JSON',
    Server: class extends Model {
      override problem(...[response, status, code]: Parameters<Model['problem']>) {
        super.problem(response, status, code)
      }
    },
    fails: ['publish/broken-gzip'],
  },
]
