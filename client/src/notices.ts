/** A failure among thirty sends a second is followed by a success at once: it stays long enough to be read. */
const shownMsMin = 4000

/** What the person should know now: at most one line about each thing. */
export class Notices {
  readonly #changed: () => void
  readonly #lines = new Map<string, { text: string; shownAtMs: number }>()

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get all(): [about: string, text: string][] {
    return [...this.#lines].map(([about, { text }]) => [about, text])
  }

  /** With '' what was said is over: it goes once it could be read. */
  say(about: string, text: string): void {
    const line = this.#lines.get(about)
    if (text !== '') {
      this.#lines.set(about, { text, shownAtMs: performance.now() })
      if (line?.text !== text) this.#changed()
    } else if (line !== undefined) {
      const leftMs = line.shownAtMs + shownMsMin - performance.now()
      setTimeout(() => this.#drop(about, line), Math.max(0, leftMs))
    }
  }

  clear(about: string): void {
    if (this.#lines.delete(about)) this.#changed()
  }

  #drop(about: string, line: object): void {
    if (this.#lines.get(about) !== line) return
    this.#lines.delete(about)
    this.#changed()
  }
}
