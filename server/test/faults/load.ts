import { audit, auditText, type Entry } from '@sse-lab/testkit/ledger.ts'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Side } from './side.ts'

const publisherCount = 4
const publishEveryMs = 60
const givenUpMs = 30_000

/** What happened on a side, in one line, and whatever should not have. */
export type Report = { said: string; wrong: string[] }

/** The side that must lose nothing: publishers that never pause, fault or no fault. */
export class Load {
  readonly #side: Side
  readonly #publishers: Publisher[]
  readonly #closing: Publisher

  constructor(side: Side) {
    this.#side = side
    const { topic, headers } = side
    this.#publishers = Array.from(
      { length: publisherCount },
      (_, index) => new Publisher({ name: `load${index}`, topic, headers, repeats: true }),
    )
    this.#closing = new Publisher({ name: 'closing', topic, headers, repeats: true })
    for (const publisher of this.#publishers) publisher.start(side.base, publishEveryMs, givenUpMs)
  }

  /** Resolves when more was acknowledged. */
  async goesOn(): Promise<void> {
    const before = this.#acknowledged().length
    await until('the load to go on', 5000, () => this.#acknowledged().length >= before + 5 * publisherCount)
  }

  /** Ends the load, and resolves when every client has its last event, or was closed for good. */
  async end(): Promise<void> {
    await Promise.all(this.#publishers.map(async publisher => await publisher.stop()))
    await this.#closing.publish(this.#side.base, givenUpMs)
    await until(`the closing event at every client of ${this.#side.name}`, 10_000, () =>
      this.#side.clients.every(
        ({ fatal, received }) => fatal !== undefined || received.at(-1)?.publisher === 'closing',
      ),
    ).catch(() => undefined) // the report says what is missing
  }

  report(): Report {
    const { clients, name } = this.#side
    const acknowledged = this.#acknowledged()
    const wrong = [...this.#publishers, this.#closing].flatMap(({ fatal }) => fatal ?? [])
    for (const [index, { received, gaps, fatal }] of clients.entries()) {
      const found = audit(acknowledged, received)
      const clean = Object.values(found).every(names => names.length === 0)
      if (!clean || gaps.length > 0) wrong.push(`client ${index}: ${auditText(found)}, gaps ${gaps.length}`)
      if (fatal !== undefined) wrong.push(`client ${index} was ended for good by ${fatal}`)
    }
    const cuts = clients.reduce((sum, client) => sum + client.cuts, 0)
    const repeats = this.#publishers.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0)
    const said = `${name}: ${acknowledged.length} events, ${repeats} repeats, ${clients.length} clients, ${cuts} cuts`
    return { said, wrong }
  }

  #acknowledged(): Entry[] {
    return [...this.#publishers, this.#closing].flatMap(({ acknowledged }) => acknowledged)
  }
}
