import type { Entry } from './entry.ts'

/** What a set of topics gets of a batch. */
export type Frames = { bytes: Buffer; events: number }

// Past this, what was made is forgotten: thousands of sets that all differ would hold thousands of copies of the batch.
const keptBytesMax = 4 * 2 ** 20

/** One batch of the bus, cut for each set of topics: sets that want the same events of it share one buffer. */
export class Batch {
  readonly #entries: readonly Entry[]
  readonly #topics = new Map<string, { name: number; indexes: number[] }>()
  readonly #made = new Map<string, Frames>()
  #madeBytes = 0

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
    for (const [index, { topic }] of entries.entries()) {
      const known = this.#topics.get(topic)
      if (known === undefined) this.#topics.set(topic, { name: this.#topics.size, indexes: [index] })
      else known.indexes.push(index)
    }
  }

  /** Topics that an event of the batch has. */
  get topics(): Iterable<string> {
    return this.#topics.keys()
  }

  /** The frames of the topics' events, in the order of the log. At least one of the topics is in the batch. */
  framesFor(topics: readonly string[]): Frames {
    const key = this.#keyOf(topics)
    let frames = this.#made.get(key)
    if (frames === undefined) {
      frames = this.#make(topics.flatMap(topic => this.#topics.get(topic)?.indexes ?? []))
      this.#keep(key, frames)
    }
    return frames
  }

  // Which of the batch's topics are asked for. It is asked once for each set of topics, so it makes no garbage but its text.
  #keyOf(topics: readonly string[]): string {
    // A single event is the usual batch, and whoever is asked for wants it.
    if (this.#topics.size === 1) return ''
    let key = ''
    for (const topic of topics) {
      const known = this.#topics.get(topic)
      if (known !== undefined) key += `${known.name} `
    }
    return key
  }

  #make(indexes: number[]): Frames {
    indexes.sort((a, b) => a - b)
    const text = indexes.map(index => this.#entries[index]?.frame ?? '').join('')
    return { bytes: Buffer.from(text), events: indexes.length }
  }

  #keep(key: string, frames: Frames): void {
    if (this.#madeBytes > keptBytesMax) {
      this.#made.clear()
      this.#madeBytes = 0
    }
    this.#made.set(key, frames)
    this.#madeBytes += frames.bytes.length
  }
}
