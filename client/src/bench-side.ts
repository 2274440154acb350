import { Charts } from './charts.ts'
import { write } from './element.ts'
import { Lanes } from './lanes.ts'
import { strike } from './lab/lab.ts'
import { Meter } from './side/meter.ts'
import { processOf, shortWorker } from './lab/name.ts'
import { connectionsMax, type SideAddress } from './lab/origins.ts'
import { publish } from './lab/publish.ts'
import { Seats } from './lab/seats.ts'
import { SideLedger } from './side/side-ledger.ts'
import { SideStreams, type BenchStream } from './side/streams.ts'
import { showWay, type Way } from './way.ts'
import type { Worker } from './lab/workers.ts'

export interface BenchSideParts {
  readonly address: SideAddress
  /** A copy of the template `bench-side`. */
  readonly place: HTMLElement
  readonly tab: string
  readonly topic: () => string
  readonly lab: boolean
  /** Says what went wrong with this side, or with '' that it no longer does. */
  readonly problem: (text: string) => void
  /** Says what is being done to this side. */
  readonly act: (text: string) => void
  readonly published: (id: string, worker: string) => void
}

/** So long a line about a worker's end stays at most. */
const strikeMsMax = 30_000

interface Newest {
  readonly id: string
  readonly publishedBy: string
  readonly sentAt: number
  /** By process. */
  readonly hadBy: Map<string, number>
}

/** One side of the bench: its workers, this tab's streams on them, and what comes of what is published. */
export class BenchSide {
  readonly #parts: BenchSideParts
  readonly #seats: Seats
  readonly #streams: SideStreams
  readonly #lanes: Lanes
  readonly #charts: Charts
  readonly #meter = new Meter()
  #ledger = new SideLedger()
  #workers: readonly Worker[] = []
  #newest: Newest | undefined
  /** Streams that were asked for and have no connection. */
  #refused = 0
  /** The process that this page ended last, until all is well again. */
  #struck: { readonly process: string; readonly atMs: number } | undefined
  /** By event: who had it before its acknowledgement was there. */
  #early = new Map<string, Map<string, number>>()

  constructor(parts: BenchSideParts) {
    this.#parts = parts
    const { address, place, tab, lab } = parts
    this.#seats = new Seats(address.streamsAt)
    this.#streams = new SideStreams(this.#seats, tab, {
      changed: () => this.show(),
      opened: ({ number }, { bus }, id) => this.#ledger.greet(number, bus, id, performance.now()),
      left: ({ number }) => this.#ledger.leave(number),
      received: (stream, id, seq, sentAt) => this.#received(stream, id, seq, sentAt),
      reached: ({ number }, id) => this.#ledger.reach(number, id),
    })
    this.#lanes = new Lanes(this.#find('.lanes', HTMLUListElement), {
      shown: lab,
      strike: (worker, act) => void this.#strike(worker, act),
    })
    this.#charts = new Charts(this.#find('.charts', HTMLElement), this.#find('.chart-text', HTMLElement))
    for (const button of place.querySelectorAll<HTMLButtonElement>('button[data-open]'))
      button.addEventListener('click', () => void this.#openStreams(Number(button.dataset['open'])))
    write(this.#find('.open-all', HTMLButtonElement), `Open up to ${this.#seats.count}`)
    this.#find('.close', HTMLButtonElement).addEventListener('click', () => this.closeAll())
    this.show()
  }

  get callTo(): string {
    return this.#parts.address.callTo
  }

  /** The page's own stream was cut, or is open. */
  setOwnStreamCut(isCut: boolean): void {
    this.#streams.setCutElsewhere(this.#parts.address.origin, isCut)
  }

  /** The workers of this side, as any worker lists them. */
  setWorkers(workers: readonly Worker[]): void {
    this.#workers = workers
    const bus = workers[0]?.bus
    if (bus !== undefined) {
      const broken = bus === 'memory' && workers.length > 1
      this.#parts.place.dataset['kind'] = broken ? 'broken' : 'fixed'
      write(this.#find('.side-name', HTMLElement), broken ? 'Broken' : 'Fixed')
    }
    this.show()
  }

  /** Closes its streams, and begins a new ledger: what is on the way has nowhere to arrive. */
  closeAll(): void {
    this.#ledger = new SideLedger()
    this.#newest = undefined
    this.#refused = 0
    this.#early.clear()
    this.#parts.problem('')
    this.#streams.closeAll()
  }

  /** Publishes an event of this tab. Answers whether the side took it. */
  async send(seq: number, text: string): Promise<boolean> {
    // What is due belongs to the moment of sending.
    const due = this.#open().map(({ number, hello }) => ({ stream: number, heldBy: hello?.worker ?? '' }))
    const [ledger, sentAt] = [this.#ledger, Date.now()]
    const data = { text, tab: this.#parts.tab, seq, sentAt }
    const answer = await publish({ topic: this.#parts.topic(), data }, this.#parts.address.callTo)
    if (!answer.acknowledged) {
      this.#parts.problem(`${this.#parts.address.origin}: ${answer.problem}`)
      return false
    }
    this.#parts.problem('')
    const { id, worker } = answer
    const taken = { id, seq, publishedBy: worker }
    ledger.acknowledge(taken, due, this.#workers[0]?.bus ?? '', performance.now())
    this.#parts.published(id, worker)
    this.#meter.published(performance.now())
    const hadBy = this.#early.get(id) ?? new Map<string, number>()
    this.#early.delete(id)
    this.#newest = { id, publishedBy: worker, sentAt, hadBy }
    this.show()
    return true
  }

  /** Once a second. */
  tick(): void {
    this.#charts.show(this.#meter.read(performance.now()))
    this.show()
  }

  show(): void {
    const streams = this.#streams.all
    const open = this.#open().length
    const back = streams.filter(({ state, hello }) => state === 'reconnecting' && hello !== undefined).length
    write(this.#find('.open-count', HTMLElement), `${open} of ${streams.length} open`)
    write(this.#find('.returns', HTMLElement), `${back} coming back, ${this.#streams.returns} came back`)
    this.#showLimit()
    this.#showStrike(back)
    this.#lanes.show(this.#workers, streams)
    this.#showLedger()
    this.#showWay()
  }

  async #openStreams(count: number): Promise<void> {
    this.#refused = 0
    this.#refused = await this.#streams.open(count, this.#parts.topic())
    this.show()
  }

  /** Where streams share one address with the calls there are few, and the page says so at once. */
  #showLimit(): void {
    const { streamsAt, sharing } = this.#parts.address
    const place = this.#find('.held-back', HTMLElement)
    place.hidden = sharing !== 'address' && this.#refused === 0
    const refused = this.#refused === 0 ? '' : `${this.#refused} not opened. `
    const why = `over HTTP/1.1 a browser opens ${connectionsMax} connections to one address, over all its tabs`
    const limits = {
      names: `, over ${streamsAt.length} names of this machine: ${why}.`,
      address: `: ${why}, and the page keeps one free for its calls.`,
      connection: '.',
    }
    write(place, `${refused}At most ${this.#seats.count} streams here${limits[sharing]}`)
  }

  #showLedger(): void {
    const counts = this.#ledger.count(performance.now())
    for (const [key, count] of Object.entries(counts)) {
      const place = this.#find(`[data-count-of="${key}"]`, HTMLElement)
      write(place, count.toLocaleString('en'))
      place.dataset['count'] = count === 0 ? 'none' : 'some'
    }
  }

  #showWay(): void {
    const newest = this.#newest
    if (newest === undefined) return
    const open = this.#open()
    const workers: Way['workers'] = this.#workers.map(worker => ({
      name: worker.worker,
      streams: open.filter(({ hello }) => hello && processOf(hello) === processOf(worker)).length,
      afterMs: newest.hadBy.get(processOf(worker)),
    }))
    const position = this.#workers[0]?.bus === 'streams' ? newest.id : undefined
    showWay(this.#find('.way', HTMLOListElement), { publishedBy: newest.publishedBy, position, workers })
  }

  async #strike(worker: Worker, act: 'kill' | 'reload'): Promise<void> {
    const { address, problem, act: say } = this.#parts
    const name = `worker ${shortWorker(worker.worker)}, pid ${worker.pid}`
    const wrong = await strike(address.callTo, worker.worker, act)
    problem(wrong === undefined ? '' : `${address.origin}: ${name} could not be stopped: ${wrong}.`)
    if (wrong !== undefined) return
    this.#struck = { process: processOf(worker), atMs: performance.now() }
    say(
      act === 'kill'
        ? `You killed ${name}: its streams are cut, and come back by themselves.`
        : `You reloaded ${name}: it lets its streams go, and they come back by themselves.`,
    )
  }

  /** What was said of a worker's end is over once it is gone and every stream is back; a list that is old cannot tell. */
  #showStrike(comingBack: number): void {
    if (this.#struck === undefined) return
    const { process, atMs } = this.#struck
    const isListed = this.#workers.some(worker => processOf(worker) === process)
    if ((comingBack > 0 || isListed) && performance.now() - atMs < strikeMsMax) return
    this.#struck = undefined
    this.#parts.act('')
  }

  #open(): BenchStream[] {
    return this.#streams.all.filter(({ state }) => state === 'open')
  }

  #received(stream: BenchStream, id: string, seq: number, sentAt: number): void {
    const latencyMs = Math.max(0, Date.now() - sentAt)
    this.#ledger.receive(stream.number, id, seq)
    this.#meter.delivered(performance.now(), latencyMs)
    const worker = stream.hello === undefined ? '' : processOf(stream.hello)
    const hadBy =
      this.#newest?.id === id ? this.#newest.hadBy : (this.#early.get(id) ?? new Map<string, number>())
    if (!hadBy.has(worker)) hadBy.set(worker, latencyMs)
    if (this.#newest?.id === id) return
    this.#early.set(id, hadBy)
    // Only what is on the way to its acknowledgement matters.
    for (const oldest of this.#early.keys()) if (this.#early.size > 200) this.#early.delete(oldest)
  }

  #find<T extends HTMLElement>(selector: string, type: new () => T): T {
    const found = this.#parts.place.querySelector(selector)
    if (found instanceof type) return found
    throw new Error(`the template of a side has no ${type.name} ${selector}`)
  }
}
