import { isDeepStrictEqual } from 'node:util'
import { audit, auditText, entryName, type Entry } from '@sse-lab/testkit/ledger.ts'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import type { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Report } from './load.ts'
import type { Side } from './side.ts'

const phaseEvents = 20

/** The side that forgets: publishes before, during and after, so that what it loses can be predicted to the event. */
export class Phases {
  readonly #side: Side
  readonly #publisher: Publisher

  constructor(side: Side) {
    this.#side = side
    const { topic } = side
    // No repeats: without idempotency a repeat may be delivered twice, and that is another lesson.
    this.#publisher = new Publisher({ name: 'phases', topic, repeats: false })
  }

  /** Publishes until some are acknowledged, and returns those. `past nginx`: to the server that no fault of a pair hurts. */
  async publish(way: 'through nginx' | 'past nginx', heardBy?: 'all'): Promise<Entry[]> {
    const { acknowledged } = this.#publisher
    const base = way === 'through nginx' ? this.#side.base : this.#side.a.url
    const before = acknowledged.length
    await until(`${phaseEvents} events to be acknowledged by ${base}`, 5000, async () => {
      await this.#publisher.publish(base, 0)
      return acknowledged.length >= before + phaseEvents
    })
    const last = acknowledged.at(-1)?.sequence
    if (heardBy !== undefined) {
      const without = () => this.#side.clients.filter(({ received }) => received.at(-1)?.sequence !== last)
      await until('the last event to reach all', 5000, () => without().length === 0).catch(() => {
        const who = without().map(({ worker, received }) => `${worker} has ${received.at(-1)?.sequence}`)
        throw new Error(`event ${last} did not reach all clients of ${this.#side.name}: ${who.join(', ')}`)
      })
    }
    return acknowledged.slice(before)
  }

  /** Lets those return that were held back, and waits until all listen, the deaf ones having been told of a gap. */
  async comeBack(deaf: Set<TestStream>): Promise<void> {
    const { clients } = this.#side
    for (const client of clients) client.release()
    for (const client of clients) {
      await client.greeted()
      if (deaf.has(client)) await until('a gap at a client that was deaf', 5000, () => client.gaps.length > 0)
    }
  }

  report(missed: Entry[], deaf: Set<TestStream>): Report {
    const { clients, name } = this.#side
    const { acknowledged } = this.#publisher
    const wrong: string[] = []
    for (const [index, client] of clients.entries()) {
      const who = `client ${index}, ${deaf.has(client) ? 'deaf' : 'not deaf'}`
      const found = audit(acknowledged, client.received)
      const foretold = deaf.has(client) ? missed.map(entryName) : []
      const asForetold = isDeepStrictEqual(found, { lost: foretold, doubled: [], disordered: [] })
      if (!asForetold) wrong.push(`${who}: ${auditText(found)}; predicted to be lost: ${foretold.length}`)
      if (client.fatal !== undefined) wrong.push(`${who}: ended for good by ${client.fatal}`)
    }
    const deafHere = clients.filter(client => deaf.has(client)).length
    if (deafHere === 0 || missed.length === 0) wrong.push('nothing was at stake')
    const said = `${name}: ${acknowledged.length} events, ${clients.length} clients, ${deafHere} of them lost ${missed.length}`
    return { said, wrong }
  }
}
