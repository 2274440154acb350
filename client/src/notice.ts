/** What a line is about. Each side of the bench has lines of its own. */
export type NoticeKind = 'problem' | 'gap' | 'loss' | `problem at ${string}` | `act at ${string}`

/** A failure among thirty sends a second is followed by a success at once: it stays long enough to be read. */
const shownMsMin = 4000

interface Line {
  readonly place: HTMLElement
  shownAtMs: number
  clearing: ReturnType<typeof setTimeout> | undefined
}

/** What the reader should know now: at most one line of each kind, said aloud by a screen reader when it changes. */
export class Notice {
  readonly #place: HTMLElement
  readonly #lines = new Map<NoticeKind, Line>()

  constructor(place: HTMLElement) {
    this.#place = place
  }

  say(kind: NoticeKind, text: string): void {
    const line = this.#lines.get(kind) ?? this.#make(kind)
    clearTimeout(line.clearing)
    line.shownAtMs = performance.now()
    if (line.place.textContent === text) return
    line.place.textContent = text
    line.place.hidden = text === ''
  }

  clear(...kinds: NoticeKind[]): void {
    for (const kind of kinds) this.say(kind, '')
  }

  /** Clears a line once it could be read. */
  clearLater(kind: NoticeKind): void {
    const line = this.#lines.get(kind)
    if (line === undefined || line.place.hidden) return
    clearTimeout(line.clearing)
    const leftMs = line.shownAtMs + shownMsMin - performance.now()
    line.clearing = setTimeout(() => this.clear(kind), Math.max(0, leftMs))
  }

  #make(kind: NoticeKind): Line {
    const place = document.createElement('p')
    place.dataset['kind'] = kind
    place.hidden = true
    this.#place.append(place)
    const line = { place, shownAtMs: 0, clearing: undefined }
    this.#lines.set(kind, line)
    return line
  }
}
