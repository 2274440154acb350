import type { IncomingMessage, ServerResponse } from 'node:http'
import { Model } from './model.ts'
import type { ModelEvent, Refused } from './model-publish.ts'
import { isPosition } from './position.ts'
import type { Wrong } from './wrong-streams.ts'

/** Servers whose streams are right and whose contract is not: ids, replay, CORS, publishing. */
export const wrongContracts: Wrong[] = [
  {
    name: 'gives no ids',
    Server: class extends Model {
      override idLine() {
        return ''
      }
    },
    fails: [
      'ids/every-event',
      'ids/acknowledged',
      'ids/unique',
      'ids/same-for-all',
      'ids/grow',
      'publish/only-after',
    ],
  },
  {
    name: 'writes ids with NUL',
    Server: class extends Model {
      override idLine({ id }: ModelEvent) {
        return `id: ${id}\0\n`
      }
    },
    fails: [
      'framing/fields',
      'ids/no-nul',
      'ids/every-event',
      'ids/acknowledged',
      'ids/unique',
      'ids/same-for-all',
      'ids/grow',
      'publish/only-after',
    ],
  },
  {
    name: 'gives each delivery an id of its own',
    Server: class extends Model {
      #count = 0
      override idLine({ id }: ModelEvent) {
        return `id: ${id}${(this.#count += 1)}\n`
      }
    },
    fails: ['ids/acknowledged', 'ids/same-for-all', 'publish/only-after'],
  },
  {
    name: 'replays the event at the id as well',
    Server: class extends Model {
      override after(position: string, topics: Set<string>) {
        const at = this.log.filter(({ id, topic }) => id === position && topics.has(topic))
        return [...at, ...super.after(position, topics)]
      }
    },
    fails: [
      'replay/exact',
      'replay/last',
      'replay/query',
      'replay/header-wins',
      'replay/superset',
      'replay/into-live',
      'replay/many',
      'replay/spellings',
    ],
  },
  {
    name: 'loses the first event of a replay',
    Server: class extends Model {
      override after(position: string, topics: Set<string>) {
        return super.after(position, topics).slice(1)
      }
    },
    fails: [
      'heartbeat/id',
      'replay/exact',
      'replay/query',
      'replay/header-wins',
      'replay/from-hello',
      'replay/subset',
      'replay/superset',
      'replay/into-live',
      'replay/many',
      'replay/unknown',
      'replay/gap-before-events',
      'replay/spellings',
    ],
  },
  {
    name: 'replays in the wrong order',
    Server: class extends Model {
      override after(position: string, topics: Set<string>) {
        return super.after(position, topics).toReversed()
      }
    },
    fails: [
      'replay/exact',
      'replay/query',
      'replay/from-hello',
      'replay/superset',
      'replay/into-live',
      'replay/many',
      'replay/unknown',
      'replay/spellings',
    ],
  },
  {
    name: 'replays what is of other topics',
    Server: class extends Model {
      override after(position: string) {
        return super.after(position, new Set(this.log.map(({ topic }) => topic)))
      }
    },
    fails: [
      'heartbeat/id',
      'replay/exact',
      'replay/last',
      'replay/query',
      'replay/header-wins',
      'replay/from-hello',
      'replay/subset',
      'replay/superset',
      'replay/into-live',
      'replay/many',
      'replay/unknown',
      'replay/spellings',
    ],
  },
  {
    name: 'replays at most 50 events',
    Server: class extends Model {
      override after(position: string, topics: Set<string>) {
        return super.after(position, topics).slice(-50)
      }
    },
    fails: ['replay/many'],
  },
  {
    name: 'knows the id of the header alone',
    Server: class extends Model {
      override givenId(request: IncomingMessage) {
        return super.givenId(request, new URL('http://model'))
      }
    },
    fails: ['replay/query', 'return/no-echo', 'replay/spellings', 'replay/two-ids', 'return/spellings'],
  },
  {
    name: 'lets the query win over the header',
    Server: class extends Model {
      override givenId(request: IncomingMessage, url: URL) {
        return url.searchParams.get('lastEventID') ?? super.givenId(request, url)
      }
    },
    fails: ['replay/header-wins', 'replay/two-ids'],
  },
  {
    name: 'takes an empty id for one',
    Server: class extends Model {
      override givenId(request: IncomingMessage, url: URL) {
        const given = super.givenId(request, url)
        const has = 'last-event-id' in request.headers || url.searchParams.has('lastEventID')
        return given === '' && has ? 'empty' : given
      }
    },
    fails: ['return/empty'],
  },
  {
    name: 'says hello with the newest position on a resume',
    Server: class extends Model {
      override helloText(retryMs: number, _position: string) {
        return super.helloText(retryMs, this.position)
      }
    },
    fails: ['replay/hello-repeats'],
  },
  {
    name: 'has no id in hello',
    Server: class extends Model {
      override helloText(retryMs: number, position: string) {
        return super.helloText(retryMs, position).replace(/id: .*\n/, '')
      }
    },
    fails: ['hello/id', 'replay/from-hello', 'replay/hello-repeats'],
  },
  {
    name: 'echoes the id that it was given',
    Server: class extends Model {
      override gapText(position: string, given: string) {
        return super.gapText(position, given).replace('{', `{"given":${JSON.stringify(given)},`)
      }
    },
    fails: ['replay/future', 'return/gap-data', 'return/no-echo', 'return/long'],
  },
  {
    name: 'never says gap',
    Server: class extends Model {
      override gapText() {
        return ''
      }
    },
    fails: [
      'replay/malformed',
      'replay/future',
      'replay/unknown',
      'replay/gap-before-events',
      'return/gap-data',
      'return/no-echo',
      'return/long',
      'replay/two-ids',
      'return/spellings',
    ],
  },
  {
    name: 'sends a gap without an id',
    Server: class extends Model {
      override gapText(position: string, given: string) {
        return super.gapText(position, given).replace(/id: .*\n/, '')
      }
    },
    fails: ['replay/malformed', 'replay/future', 'replay/unknown'],
  },
  {
    name: 'waits for an id from the future',
    Server: class extends Model {
      override gapText(position: string, given: string) {
        return isPosition(given) && given.length > 3 ? '' : super.gapText(position, given)
      }
    },
    fails: ['replay/future'],
  },
  {
    name: 'lets pages of no origin in',
    Server: class extends Model {
      override allowOrigin() {}
    },
    fails: ['cors/stream', 'cors/vary', 'cors/preflight', 'cors/own-headers', 'cors/refusal'],
  },
  {
    name: 'lets pages of any origin in, with their credentials',
    Server: class extends Model {
      override allowOrigin(_request: IncomingMessage, response: ServerResponse) {
        response.setHeader('Access-Control-Allow-Origin', '*')
        response.setHeader('Access-Control-Allow-Headers', 'content-type, idempotency-key, last-event-id')
        response.setHeader('Access-Control-Allow-Credentials', 'true')
      }
    },
    fails: ['cors/credentials', 'cors/stranger', 'cors/refusal'],
  },
  {
    name: 'forgets Vary',
    Server: class extends Model {
      override allowOrigin(request: IncomingMessage, response: ServerResponse) {
        super.allowOrigin(request, response)
        response.removeHeader('Vary')
      }
    },
    fails: ['cors/vary'],
  },
  {
    name: 'takes what it should refuse',
    Server: class extends Model {
      override refuse(response: ServerResponse) {
        response.writeHead(202).end('{"id":"1-1","topic":"a","worker":"model/0"}')
      }
    },
    fails: [
      'cors/refusal',
      'publish/no-object',
      'publish/missing-field',
      'publish/unknown-field',
      'publish/bad-topic',
      'publish/type-of-two-lines',
      'publish/reserved-type',
      'publish/too-large',
      'publish/bad-json',
      'publish/not-json',
      'publish/refused-reaches-nobody',
      'once/bad-key',
      'publish/broken-gzip',
      'publish/half-surrogate',
      'publish/not-utf8',
      'publish/other-charset',
      'publish/other-encoding',
    ],
  },
  {
    name: 'publishes what it refuses',
    Server: class extends Model {
      override refuse(response: ServerResponse, refused: Refused, body: string) {
        const topic = /"topic":"(?<topic>[^"]*)"/.exec(body)?.groups?.topic ?? ''
        this.append({ topic, data: 'refused' })
        super.refuse(response, refused, body)
      }
    },
    fails: [
      'publish/refused-reaches-nobody',
      'publish/broken-gzip',
      'publish/half-surrogate',
      'publish/not-utf8',
      'publish/other-charset',
      'publish/other-encoding',
    ],
  },
  {
    name: 'refuses without problem details',
    Server: class extends Model {
      override problem(response: ServerResponse, status: number) {
        response.writeHead(status, { 'Content-Type': 'text/html' }).end('<h1>No</h1>')
      }
    },
    fails: [
      'methods/405-problem',
      'methods/404-problem',
      'topics/too-many',
      'topics/bad',
      'topics/empty',
      'publish/no-object',
      'publish/missing-field',
      'publish/unknown-field',
      'publish/bad-topic',
      'publish/type-of-two-lines',
      'publish/reserved-type',
      'publish/too-large',
      'publish/bad-json',
      'publish/not-json',
      'once/reused',
      'once/bad-key',
      'publish/broken-gzip',
      'publish/half-surrogate',
      'publish/not-utf8',
      'publish/other-charset',
      'publish/other-encoding',
      'topics/behind-many',
      'topics/near-miss',
      'topics/question-mark',
    ],
  },
  {
    name: 'forgets keys',
    Server: class extends Model {
      override append(draft: Omit<ModelEvent, 'id'>) {
        this.keys.clear()
        return super.append(draft)
      }
    },
    fails: ['once/repeated', 'once/reused'],
  },
  {
    name: 'acknowledges what it then drops, one in ten',
    Server: class extends Model {
      override deliver(event: ModelEvent) {
        const count = this.log.filter(({ topic }) => topic === event.topic).length
        if (count % 10 !== 0) super.deliver(event)
      }
    },
    fails: ['publish/only-after', 'reading/in-order', 'replay/into-live'],
    andMore: true,
  },
]
