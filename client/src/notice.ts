export type NoticeKind = 'problem' | 'gap' | 'loss'

/** What the reader should know now: at most one line of each kind, said aloud by a screen reader when it changes. */
export class Notice {
  readonly #lines = new Map<NoticeKind, HTMLElement>()

  constructor(place: HTMLElement) {
    for (const kind of ['problem', 'gap', 'loss'] as const) {
      const line = document.createElement('p')
      line.dataset['kind'] = kind
      line.hidden = true
      this.#lines.set(kind, line)
      place.append(line)
    }
  }

  say(kind: NoticeKind, text: string): void {
    const line = this.#lines.get(kind)
    if (line === undefined || line.textContent === text) return
    line.textContent = text
    line.hidden = text === ''
  }

  clear(...kinds: NoticeKind[]): void {
    for (const kind of kinds) this.say(kind, '')
  }
}
