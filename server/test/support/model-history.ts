import assert from 'node:assert/strict'
import { compareIds } from '../../src/bus/streams/ids.ts'
import { ModelLog, type ModelEntry } from './model-log.ts'
import { ModelReader } from './model-reader.ts'

/** Something that happens to the log, or that the worker `by` does. */
export type Step =
  | { kind: 'publish'; by: number; bytes: number }
  | { kind: 'answer'; by: number; count: number }
  | { kind: 'ask'; by: number; count: number }
  | { kind: 'take'; by: number; count: number }
  | { kind: 'askAll'; count: number }
  | { kind: 'foreign' }
  | { kind: 'trim'; count: number }
  | { kind: 'clock'; ms: number }
  | Loss

type Loss = { kind: 'loseEnd' } | { kind: 'flush' } | { kind: 'rollBack'; changes: number }

/** A log, and three workers that read it and publish into it. */
export class History {
  readonly log = new ModelLog()
  readonly readers: ModelReader[]

  constructor(expectedMax: number) {
    this.readers = [1, 2, 3].map(() => new ModelReader(this.log, expectedMax))
    this.log.isExpected = id => this.readers.some(reader => reader.expects(id))
  }

  async play(steps: Step[]): Promise<void> {
    for (const step of steps) await this.#act(step)
    await this.#comeToRest()
  }

  async #act(step: Step): Promise<void> {
    const reader = this.readers['by' in step ? step.by : 0]
    if (step.kind === 'publish') reader?.publish(step.bytes)
    else if (step.kind === 'answer') reader?.answer(step.count)
    else if (step.kind === 'ask') await reader?.ask(step.count)
    else if (step.kind === 'take') reader?.take(step.count)
    // All at once: their commands come to Redis in turn.
    else if (step.kind === 'askAll') await Promise.all(this.readers.map(each => each.ask(step.count)))
    else if (step.kind === 'foreign') this.log.addForeign()
    else if (step.kind === 'trim') this.log.trim(step.count)
    else if (step.kind === 'clock') this.log.clock = Math.max(1, this.log.clock + step.ms)
    else this.#lose(step)
  }

  #lose(step: Loss): void {
    // Whoever loses its data answers nothing more: each publish before was answered, or its link is cut.
    for (const reader of this.readers) {
      if (step.kind === 'rollBack') reader.cut()
      else reader.answer()
    }
    if (step.kind === 'rollBack') this.log.rollBack(step.changes)
    else if (step.kind === 'flush') this.log.flush()
    else this.log.loseEnd()
  }

  /** Until everybody has read all, looked after the log, and found nothing to do, twice. */
  async #comeToRest(): Promise<void> {
    for (const reader of this.readers) reader.answer()
    this.log.clock += 1000
    const publisher = this.readers[0]
    await publisher?.ask(500)
    publisher?.take(500)
    publisher?.publish(1)
    publisher?.answer()
    for (let quietRounds = 0, rounds = 0; quietRounds < 2; rounds += 1) {
      assert.ok(rounds < 50, 'the log does not come to rest')
      const had = this.log.markers
      const found = await Promise.all(this.readers.map(reader => reader.ask(500)))
      for (const reader of this.readers) reader.take(500)
      quietRounds = found.includes(true) || this.log.markers > had ? 0 : quietRounds + 1
    }
  }

  /** Each acknowledged event was handed to this reader, or a gap told it that one is missing there. */
  checkPromise(reader: ModelReader): void {
    const handed = new Set(reader.handed)
    const excused = new Set(this.readers.flatMap(other => (other === reader ? [] : [...other.passedBy])))
    for (const event of this.readers.flatMap(({ acknowledged }) => acknowledged)) {
      if (handed.has(event) || excused.has(event)) continue
      assert.ok(
        reader.gaps.some(gap => covers(gap, event)),
        `${event.link.id} was neither handed over nor told as missing`,
      )
    }
  }
}

// A gap that came after the event was gone, or whose position is behind the event.
function covers(gap: ModelReader['gaps'][number], { link, addedAt, leftAt }: ModelEntry): boolean {
  if (gap.time < addedAt) return false
  return compareIds(gap.position, link.id) >= 0 || (leftAt !== undefined && gap.time > leftAt)
}
