import assert from 'node:assert/strict'
import { Chain, type Verdict } from '../../src/bus/streams/chain.ts'
import { compareIds, firstId, idBelow } from '../../src/bus/streams/ids.ts'
import { Markers } from '../../src/bus/streams/markers.ts'
import type { ModelEntry, ModelLog } from './model-log.ts'

/** A worker that reads and publishes as the streams bus does, with the real chain and markers, and judges each verdict. */
export class ModelReader {
  readonly #log: ModelLog
  readonly #chain: Chain
  readonly #expectedMax: number
  readonly #markers: Markers
  readonly handed: ModelEntry[] = []
  readonly gaps: { position: string; time: number }[] = []
  readonly acknowledged: ModelEntry[] = []
  /** Expected, and passed by within what was trimmed: it cannot be known whether one of them was lost before that. */
  readonly passedBy = new Set<ModelEntry>()
  /**
   * Whether an event was acknowledged that had been trimmed unread, before an entry of nobody's that was read: it cannot be told
   * from one that was lost, and whose id that entry has.
   */
  cannotTell = false
  /** Published, and Redis' answer is still on its way. */
  #unanswered: ModelEntry[] = []
  #expected: ModelEntry[] = []
  #page: ModelEntry[] = []
  #taken = firstId
  // What the next entry must really come after; undefined is the log's beginning.
  #last: { entry: ModelEntry | undefined } | undefined
  #checked = false
  // Whether some acknowledged id was not kept, or ids were acknowledged out of their order: then a loss is seen later.
  #isVague = false

  constructor(log: ModelLog, expectedMax: number) {
    this.#log = log
    this.#expectedMax = expectedMax
    this.#chain = new Chain({ expectedMax })
    const redisLog = {
      mark: async (id: string, seenAt: string) => log.mark(id, seenAt),
      lastId: async () => log.lastId,
      dropQuarter: async () => 0,
    }
    const rolledBack = { happened: () => undefined }
    this.#markers = new Markers({ redisLog, chain: this.#chain, facts: { rolledBack } })
  }

  /** A worker that has not read the log yet takes no publish. */
  publish(bytes: number): void {
    if (this.#last === undefined) return
    this.#unanswered.push(this.#log.publish(bytes))
  }

  expects(id: string): boolean {
    return [...this.#expected, ...this.#unanswered].some(({ link }) => link.id === id)
  }

  /** Redis' answer to the oldest publishes arrives. */
  answer(count = Infinity): void {
    for (const entry of this.#unanswered.splice(0, count)) {
      this.acknowledged.push(entry)
      const { id } = entry.link
      if (compareIds(id, this.#chain.cursor) > 0) {
        const [highest] = this.#expected.map(({ link }) => link.id).toSorted((a, b) => compareIds(b, a))
        this.#isVague ||= highest !== undefined && compareIds(id, highest) < 0
        this.#isVague ||= this.#expected.length >= this.#expectedMax
        this.#expected.push(entry)
      } else this.cannotTell ||= !this.handed.includes(entry)
      this.#chain.expect(id)
    }
  }

  /** The link breaks: what was not answered is not acknowledged. */
  cut(): void {
    this.#unanswered = []
    this.#checked = false
  }

  /** Asks for what follows, unless some of the last answer is left to take. Answers whether there is anything. */
  async ask(count: number): Promise<boolean> {
    if (this.#page.length > 0) return true
    if (!this.#checked) await this.#markers.check()
    this.#checked = true
    await this.#markers.announceLoss()
    this.#page = this.#log.after(this.#chain.cursor, count)
    this.#checked = this.#page.length > 0
    if (this.#page.length === 0) this.#begin()
    return this.#page.length > 0
  }

  take(count: number): void {
    for (const entry of this.#page.splice(0, count)) {
      assert.ok(compareIds(entry.link.id, this.#taken) > 0, 'nothing is read twice, or out of order')
      this.#taken = entry.link.id
      if (entry.kind === 'foreign') this.#chain.skip(entry.link.id)
      else this.#take(entry)
    }
    if (this.#page.length === 0) this.#begin()
  }

  #begin(): void {
    const position = this.#chain.beginIfEmpty()
    assert.equal(position, this.#last === undefined ? firstId : undefined)
    if (position === undefined) return
    this.#last = { entry: undefined }
    this.#tellGap(position)
  }

  #take(entry: ModelEntry): void {
    const lossBefore = this.#chain.loss
    const verdict = this.#chain.next(entry.link)
    this.#judge(entry, verdict)
    if (verdict.kind === 'gap') this.#judgeLoss(entry, lossBefore)
    if (verdict.kind === 'gap' || verdict.kind === 'begins') this.#tellGap(verdict.position)
    this.handed.push(entry)
    if (verdict.kind === 'gap') {
      for (const other of this.#expected)
        if (compareIds(other.link.id, entry.link.id) < 0) this.passedBy.add(other)
    }
    this.#last = { entry }
    this.#expected = this.#expected.filter(({ link }) => compareIds(link.id, entry.link.id) > 0)
  }

  #tellGap(position: string): void {
    this.#log.time += 1
    this.gaps.push({ position, time: this.#log.time })
  }

  #judge(entry: ModelEntry, verdict: Verdict): void {
    const { id, after } = entry.link
    const isNext = this.#last !== undefined && entry.kind === 'event' && this.#last.entry === entry.before
    if (!isNext) {
      assert.equal(verdict.kind, this.#last === undefined ? 'begins' : 'gap', `before ${id}`)
      const isFirst = this.#last === undefined && after === firstId
      assert.equal('position' in verdict && verdict.position, isFirst ? firstId : idBelow(id))
      return
    }
    const missing = this.#expected.filter(other => compareIds(other.link.id, id) < 0)
    assert.ok(verdict.kind === 'follows' || verdict.kind === 'missing', `at ${id}`)
    if (this.#isVague) return
    assert.equal(verdict.kind, missing.length > 0 ? 'missing' : 'follows', `at ${id}`)
    if (verdict.kind === 'missing') assert.equal(this.#chain.loss, id)
  }

  // Whether a gap is announced: not if what this worker has read is still what this entry comes after, by whatever way.
  #judgeLoss(entry: ModelEntry, lossBefore: string | undefined): void {
    if (entry.kind === 'marker') return assert.equal(this.#chain.loss, lossBefore)
    const read = this.#last?.entry
    let before = entry.before
    while (before !== undefined && before !== read) before = before.before
    if (before === read) assert.equal(this.#chain.loss, lossBefore, 'only trimmed')
    // A marker before it that is still there has told everybody: those that read it, and those whose cursor was past it
    // because of a foreign entry with its id, as here, by the gap at this entry.
    else if (entry.before?.leftAt === undefined && entry.before?.kind !== 'marker')
      assert.equal(this.#chain.loss, entry.link.id, 'lost')
  }
}
