import { BoundedMap } from '../lab/bounded-map.ts'
import { strike, type Act } from '../lab/lab.ts'
import { processOf } from '../lab/name.ts'
import type { SideAddress } from '../lab/origins.ts'
import { publish } from '../lab/publish.ts'
import { Seats } from '../lab/seats.ts'
import type { Worker } from '../lab/workers.ts'
import { openPlainStream } from '../plain-stream.ts'
import { openStream } from '../stream.ts'
import type { SideKind } from './kind.ts'
import { Lanes, type Lane } from './lanes.ts'
import { Ledger, type Taken } from './ledger.ts'
import { SideStreams, type Brought, type SideStream } from './streams.ts'

export interface SideParts {
  readonly address: SideAddress
  readonly kind: SideKind
  readonly bus: string
  /** Marks this tab's own events. */
  readonly tab: string
  /** Something to show has changed. */
  readonly changed: () => void
  /** What went wrong with this side; '' that it no longer does. */
  readonly problem: (text: string) => void
  /** Whether the page's token opens streams: no, once it has expired; yes, when one is open again. */
  readonly allowed: (is: boolean) => void
}

/** What whoever draws the way of an event wants to know, in the moment in which it was observed. */
export interface SideWatcher {
  /** The side took an event. `receivers` are the streams that had it before the answer to the POST came. */
  published?(taken: Taken, receivers: readonly number[]): void
  received?(stream: SideStream, event: Brought): void
  cut?(stream: SideStream): void
  gap?(stream: SideStream, oldest: string | null): void
}

/** Events of which it is remembered who had them before the answer to their POST. */
const earlyMax = 200

/** One side of the lab as this tab sees it: its workers, this tab's streams on them, and what became of each event. */
export class Side {
  readonly kind: SideKind
  readonly bus: string
  readonly address: SideAddress
  readonly ledger = new Ledger()
  readonly streams: SideStreams
  readonly #parts: SideParts
  readonly #seats: Seats
  readonly #lanes = new Lanes()
  readonly #watchers = new Set<SideWatcher>()
  readonly #early = new BoundedMap<string, number[]>(earlyMax)
  #workers: readonly Worker[] = []
  #newest: Taken | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(parts: SideParts) {
    const { address, kind, bus, tab, changed, allowed } = parts
    this.#parts = parts
    this.kind = kind
    this.bus = bus
    this.address = address
    this.#seats = new Seats(address.streamsAt)
    this.streams = new SideStreams(this.#seats, tab, kind === 'broken' ? openPlainStream : openStream, {
      changed: () => {
        this.#updateLanes()
        changed()
      },
      opened: ({ number }, hello, id) => {
        allowed(true)
        this.ledger.greet(number, hello.bus, id, performance.now())
      },
      left: stream => {
        this.ledger.leave(stream.number)
        this.#tell(watcher => watcher.cut?.(stream))
      },
      received: (stream, event) => this.#received(stream, event),
      reached: ({ number }, id) => this.ledger.reach(number, id),
      expired: () => allowed(false),
      gap: (stream, oldest, id) => {
        this.ledger.reach(stream.number, id)
        this.#tell(watcher => watcher.gap?.(stream, oldest))
      },
    })
  }

  /** How many streams this browser may have here, over all its tabs. */
  get streamsMax(): number {
    return this.#seats.count
  }

  get open(): SideStream[] {
    return this.streams.all.filter(({ state }) => state === 'open')
  }

  get lanes(): Lane[] {
    return this.#lanes.all
  }

  get workers(): readonly Worker[] {
    return this.#workers
  }

  /** The newest event that the side took from this tab. */
  get newest(): Taken | undefined {
    return this.#newest
  }

  /** How many events wait for their turn, or for their answer. */
  get waiting(): number {
    return this.#waiting
  }

  watch(watcher: SideWatcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  setWorkers(workers: readonly Worker[]): void {
    this.#workers = workers
    this.#updateLanes()
    this.#parts.changed()
  }

  /** One at a time: two on the way at once have no order, and would look like a fault of the side. */
  send(event: { seq: number; topic: string; text: string }): Promise<Taken | undefined> {
    this.#waiting += 1
    const sent = this.#turn.then(() => this.#send(event))
    this.#turn = sent.finally(() => (this.#waiting -= 1))
    return sent
  }

  /** Ends a worker, or its whole server. Answers with what went wrong. */
  async strike(worker: string, act: Act): Promise<string | undefined> {
    const named = this.#workers.find(it => it.worker === worker)
    const wrong = await strike(this.address.callTo, worker, act)
    if (wrong === undefined && act === 'kill' && named !== undefined) this.#lanes.strike(processOf(named))
    this.#updateLanes()
    this.#parts.changed()
    return wrong
  }

  /** Opens the streams that have given up anew, as a person does who reloads the page. */
  reloadDead(): void {
    for (const number of this.streams.reloadDead()) this.ledger.forget(number)
  }

  closeAll(): void {
    for (const { number } of this.streams.all) this.ledger.forget(number)
    this.streams.closeAll()
  }

  async #send(event: { seq: number; topic: string; text: string }): Promise<Taken | undefined> {
    const { seq, topic, text } = event
    // What is due belongs to the moment of sending: every stream that has been open, also while it is between two workers.
    const due = this.streams.all.flatMap(({ number, hello, state }) =>
      hello === undefined ? [] : [{ stream: number, heldBy: state === 'open' ? hello.worker : '' }],
    )
    const data = { text, tab: this.#parts.tab, seq, sentAt: Date.now() }
    const answer = await publish({ topic, data }, this.address.callTo)
    if (!answer.acknowledged) {
      this.#parts.problem(answer.problem)
      return undefined
    }
    this.#parts.problem('')
    const taken = { id: answer.id, seq, publishedBy: answer.worker }
    this.ledger.acknowledge(taken, due, this.bus, performance.now())
    this.#newest = taken
    const receivers = this.#early.get(taken.id) ?? []
    this.#early.delete(taken.id)
    this.#tell(watcher => watcher.published?.(taken, receivers))
    this.#parts.changed()
    return taken
  }

  #received(stream: SideStream, event: Brought): void {
    if (event.seq === undefined) {
      this.ledger.reach(stream.number, event.id)
    } else {
      this.ledger.receive(stream.number, event.id, event.seq)
      if (event.seq > (this.#newest?.seq ?? 0))
        this.#early.set(event.id, [...(this.#early.get(event.id) ?? []), stream.number])
    }
    this.#tell(watcher => watcher.received?.(stream, event))
    this.#parts.changed()
  }

  #updateLanes(): void {
    this.#lanes.update(this.#workers, this.streams.all, performance.now())
  }

  #tell(say: (watcher: SideWatcher) => void): void {
    for (const watcher of this.#watchers) say(watcher)
  }
}
