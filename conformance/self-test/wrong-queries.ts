import type { IncomingMessage, ServerResponse } from 'node:http'
import { Model } from './model.ts'
import type { Wrong } from './wrong-streams.ts'

/** Servers that read the query of a stream wrongly: which topics it asks for, and which id it brings. */
export const wrongQueries: Wrong[] = [
  {
    name: 'splits a URL at each question mark',
    Server: class extends Model {
      override query(url: URL) {
        return new URLSearchParams(url.href.split('?', 2)[1])
      }
    },
    fails: ['topics/question-mark'],
  },
  {
    name: 'reads a thousand parameters, and no more',
    Server: class extends Model {
      override query(url: URL) {
        return new URLSearchParams(url.search.slice(1).split('&').slice(0, 1000).join('&'))
      }
    },
    fails: ['topics/behind-many'],
  },
  {
    name: 'reads a thousand parameters, empty ones aside',
    Server: class extends Model {
      override query(url: URL) {
        return new URLSearchParams([...super.query(url)].slice(0, 1000))
      }
    },
    fails: ['topics/behind-many'],
  },
  {
    name: 'takes a near miss of "topic" for nothing, and opens lobby',
    Server: class extends Model {
      override topicsOf(query: URLSearchParams) {
        return super.topicsOf(new URLSearchParams([...query].filter(([name]) => name === 'topic')))
      }
    },
    fails: ['topics/near-miss'],
  },
  {
    name: 'takes topic[] for topic',
    Server: class extends Model {
      override query(url: URL) {
        const pairs = [...super.query(url)]
        return new URLSearchParams(
          pairs.map(([name, value]): [string, string] => [name.replace(/\[\d*\]$/, ''), value]),
        )
      }
    },
    fails: ['topics/near-miss'],
  },
  {
    name: 'refuses parameters that it does not know',
    Server: class extends Model {
      override topicsOf(query: URLSearchParams) {
        const known = [...query.keys()].every(name => /topic|last|^a?$/i.test(name))
        return known ? super.topicsOf(query) : undefined
      }
    },
    fails: ['topics/unknown-parameters', 'topics/question-mark'],
  },
  {
    name: 'has room for a head of 16 KiB, as Node has by default',
    Server: class extends Model {
      override headBytesMax() {
        return 16_384
      }
    },
    fails: ['topics/longest'],
  },
  {
    name: 'has room for a head of 8 KiB, as nginx has by default',
    Server: class extends Model {
      override headBytesMax() {
        return 8192
      }
    },
    fails: ['http/long-cookie', 'topics/longest'],
  },
  {
    name: 'hears lastEventID in that one spelling',
    Server: class extends Model {
      override idsOf(query: URLSearchParams) {
        return new Set(query.getAll('lastEventID').filter(id => id !== ''))
      }
    },
    fails: ['replay/spellings', 'replay/two-ids', 'return/spellings'],
  },
  {
    name: 'hears no id in capitals',
    Server: class extends Model {
      override idsOf(query: URLSearchParams) {
        return super.idsOf(new URLSearchParams([...query].filter(([name]) => !/^[A-Z_]+$/.test(name))))
      }
    },
    fails: ['replay/spellings', 'return/spellings'],
  },
  {
    name: 'believes the first of two ids',
    Server: class extends Model {
      override idsOf(query: URLSearchParams) {
        return new Set([...super.idsOf(query)].slice(0, 1))
      }
    },
    fails: ['replay/two-ids'],
  },
  {
    name: 'lets the spelling of a polyfill win over the header',
    Server: class extends Model {
      override givenId(request: IncomingMessage, url: URL) {
        return this.query(url).get('lastEventId') ?? super.givenId(request, url)
      }
    },
    fails: ['replay/header-wins', 'replay/two-ids'],
  },
  {
    name: 'tells a gap behind the replay',
    Server: class extends Model {
      override async greet(response: ServerResponse, first: string) {
        const [hello = '', ...blocks] = first.split(/(?<=\n\n)/)
        const late = blocks.toSorted((one, other) => Number(isGap(one)) - Number(isGap(other)))
        await super.greet(response, [hello, ...late].join(''))
      }
    },
    fails: ['replay/gap-before-events'],
  },
]

const isGap = (block: string): boolean => block.includes('event: gap\n')
