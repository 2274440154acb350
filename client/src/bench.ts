import { randomTab } from './lab/event-data.ts'
import { readBrowser, readLab, type Lab } from './lab/lab.ts'
import { serverOf } from './lab/name.ts'
import { readSides, type SideAddress } from './lab/origins.ts'
import { Publishers } from './lab/publishers.ts'
import { defaultTopic, isTopic, topicRule } from './lab/topic.ts'
import { watchWorkers, type Worker } from './lab/workers.ts'
import { Notices } from './notices.ts'
import { Received } from './received.ts'
import { Beat } from './side/beat.ts'
import { kindOf } from './side/kind.ts'
import { Side } from './side/side.ts'

/** Streams that the page opens on each side, where the browser has that many connections. */
export const streamsWanted = 24
const runMsMax = 10 * 60_000
const openMsMax = 1500

interface Place {
  readonly address: SideAddress
  readonly bus: string
}

/** All that the page knows and does: both sides, the beat that goes to both, and the one stream that is shown close up. */
export class Bench {
  readonly lab: Lab
  /** The broken one first, as one reads. */
  readonly sides: readonly Side[]
  /** The side whose server gave us this page. */
  readonly own: Side
  readonly beat: Beat
  readonly notices: Notices
  readonly publishers: Publishers
  readonly received = new Received()
  readonly #changed: () => void
  /** The beat has a topic that no other tab hears. */
  readonly #beatTopic: string
  #topic: string
  #seq = 0
  #isPartial = false
  #isReady = false
  #isExpired = false
  #listProblem = ''
  #stopTimer: ReturnType<typeof setTimeout> | undefined
  #askWorkers = (): void => undefined

  private constructor(lab: Lab, places: readonly Place[], changed: () => void) {
    const tab = randomTab()
    this.lab = lab
    this.#changed = changed
    this.#beatTopic = `page/${tab}`
    this.notices = new Notices(changed)
    this.publishers = new Publishers(changed)
    const sides = places.map(({ address, bus }) => {
      const kind = kindOf(bus, places.length)
      const problem = (text: string): void =>
        this.notices.say(`problem at ${address.origin}`, text && `${titles[kind]}: ${text}`)
      const allowed = (is: boolean): void => {
        this.#isExpired = !is
        changed()
      }
      return new Side({ address, bus, kind, tab, changed, problem, allowed })
    })
    const [own] = sides
    if (own === undefined) throw new Error('a page comes from a side')
    this.own = own
    this.sides = sides.toSorted((a, b) => Number(b.kind === 'broken') - Number(a.kind === 'broken'))
    this.beat = new Beat(() => this.#tick())
    const query = new URLSearchParams(location.search)
    this.#topic = askedTopic()
    if ((query.get('topic') ?? defaultTopic) !== this.#topic) this.notices.say('topic', topicRule)
    const rate = Number(query.get('rate') ?? 1)
    if (rate > 0) this.beat.setRate(rate)
    else this.beat.pause('person')
    this.#watch()
  }

  /** Learns which sides there are, and begins. `lab` is what the page's own server says. */
  static async open(lab: Lab, changed: () => void): Promise<Bench> {
    const addresses = readSides(location.origin, lab.origins, await readBrowser(lab))
    const places = await Promise.all(
      addresses.map(async (address, index) => {
        const { bus } = index === 0 ? lab : await readLab(address.callTo)
        // A side that does not answer now is the other kind than the page's own.
        return { address, bus: bus || (index > 0 && lab.bus !== 'memory' ? 'memory' : 'streams') }
      }),
    )
    const bench = new Bench(lab, places, changed)
    void bench.#start()
    return bench
  }

  get broken(): Side | undefined {
    return this.sides.find(({ kind }) => kind === 'broken')
  }

  get fixed(): Side | undefined {
    return this.sides.find(({ kind }) => kind === 'fixed')
  }

  get topic(): string {
    return this.#topic
  }

  /** Every stream that this browser lets the page have was asked for. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** The token of this page has ended. */
  get isExpired(): boolean {
    return this.#isExpired
  }

  /** Redis is away: the worker that answered could list only itself. */
  get isPartial(): boolean {
    return this.#isPartial
  }

  /** Why the list of workers is old; '' if it is not. */
  get listProblem(): string {
    return this.#listProblem
  }

  /** Sends an event of the person's, on the topic that others hear, too. */
  async publish(text: string): Promise<void> {
    await Promise.all(this.#send(this.#topic, text))
  }

  /** Sends one event of the page's own to each side, in the order of `sides`. */
  publishBeat(): ReturnType<Side['send']>[] {
    return this.#send(this.#beatTopic, '')
  }

  /** Another topic: every stream is opened anew. Answers whether it is one. */
  join(topic: string): boolean {
    if (!isTopic(topic)) {
      this.notices.say('topic', topicRule)
      return false
    }
    this.notices.clear('topic')
    if (topic === this.#topic) return true
    this.#topic = topic
    const address = new URL(location.href)
    address.searchParams.set('topic', topic)
    history.replaceState(null, '', address)
    this.received.clear()
    for (const side of this.sides) side.closeAll()
    void this.#openStreams()
    this.#changed()
    return true
  }

  pause(): void {
    this.beat.pause('person')
    this.#changed()
  }

  /** Goes on after a pause, also one of its own. */
  async resume(): Promise<void> {
    await this.wake()
    this.beat.resume('person')
    this.#changed()
  }

  /** Opens every stream again if the page has stopped by itself. What a person has paused stays so. */
  async wake(): Promise<void> {
    if (this.beat.pauses.has('time')) await this.#openStreams()
    this.beat.resume('time')
    this.#stopLater()
    this.#changed()
  }

  refreshWorkers(): void {
    this.#askWorkers()
  }

  async #start(): Promise<void> {
    await this.#openStreams()
    this.#stopLater()
    const seen = (): void => {
      if (document.hidden) this.beat.pause('hidden')
      else this.beat.resume('hidden')
      this.#changed()
    }
    document.addEventListener('visibilitychange', seen)
    seen()
    // Whoever does something here is not away.
    for (const type of ['pointerdown', 'keydown']) addEventListener(type, () => this.#stopLater())
  }

  async #openStreams(): Promise<void> {
    const topics = [this.#beatTopic, this.#topic]
    this.#isReady = false
    await Promise.all(this.sides.map(side => side.streams.open(streamsWanted, topics)))
    const until = performance.now() + openMsMax
    this.#isReady = true
    this.#changed()
    while (!this.sides.every(isComplete) && performance.now() < until)
      await new Promise(soon => setTimeout(soon, 20))
  }

  #stopLater(): void {
    clearTimeout(this.#stopTimer)
    if (this.beat.pauses.has('time')) return
    this.#stopTimer = setTimeout(() => {
      this.beat.pause('time')
      for (const side of this.sides) side.closeAll()
      this.#changed()
    }, runMsMax)
  }

  /** A side that is slower than the rate gets less, not a pile. */
  #tick(): void {
    this.#seq += 1
    for (const side of this.sides)
      if (side.waiting < 2) void side.send({ seq: this.#seq, topic: this.#beatTopic, text: '' })
  }

  #send(topic: string, text: string): ReturnType<Side['send']>[] {
    this.#seq += 1
    const event = { seq: this.#seq, topic, text }
    return this.sides.map(side => side.send(event))
  }

  #watch(): void {
    this.own.watch({
      published: ({ id, publishedBy }) => this.publishers.tell(id, publishedBy),
      received: ({ number }, { id, data, seq }) => {
        if (number === this.own.streams.all[0]?.number) this.received.add(id, data, seq !== undefined)
      },
      gap: ({ number }, oldest) => {
        if (number === this.own.streams.all[0]?.number) this.received.addGap(oldest)
      },
    })
    this.#askWorkers = watchWorkers(() => this.own.address.callTo, {
      list: ({ workers, partial }) => {
        this.#isPartial = partial
        this.#listProblem = ''
        for (const side of this.sides) side.setWorkers(workers.filter(worker => this.#isOf(side, worker)))
      },
      failed: problem => {
        this.#listProblem = problem
        this.#changed()
      },
    })
  }

  /** All sides share one list. A bus tells them apart, or else the servers that hold this tab's streams. */
  #isOf(side: Side, { bus, worker }: Worker): boolean {
    const [other] = this.sides.filter(it => it !== side)
    if (other === undefined) return true
    if (other.bus !== side.bus) return bus === side.bus
    return side.open.some(({ hello }) => hello && serverOf(hello.worker) === serverOf(worker))
  }
}

/** The topic in the page's address, if it is one. */
export function askedTopic(): string {
  const asked = new URLSearchParams(location.search).get('topic') ?? defaultTopic
  return isTopic(asked) ? asked : defaultTopic
}

function isComplete({ open, streams }: Side): boolean {
  return open.length === streams.all.length
}

export const titles = { broken: 'Broken', fixed: 'Fixed', single: 'This server' } as const
