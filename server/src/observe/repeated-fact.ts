import type { Log } from './facts.ts'

const sayAgainMs = 60_000
const sayAgainMsMax = 3_600_000
const kindsMax = 4

export type FactTexts = {
  text: string
  level?: 'info' | 'warn' | 'error'
  /** What is said, as info, when it is over. Without it the end is not said. */
  over?: string
}

/**
 * A fact that may come again and again, as a few lines of the log. It is said when it begins; then with how many `times` it
 * came since the last line, after one minute, two, four, and so on up to an hour; and once when it is over. So what lasts a
 * day, or comes and goes all day, costs some dozens of lines, however often it comes.
 */
export class RepeatedFact {
  readonly #log: Log
  readonly #texts: FactTexts
  #details: object = {}
  #times = 0
  #isSo = false
  #overWasSaid = false
  #kind = ''
  #kinds = new Set<string>()
  #waitMs = sayAgainMs
  #timer: NodeJS.Timeout | undefined

  constructor(log: Log, texts: FactTexts) {
    this.#log = log
    this.#texts = texts
  }

  /** It happened. Another `kind` than those that were said lately is said at once, such as another cause. */
  happened(details: object = {}, kind = '', times = 1): void {
    this.#isSo = true
    this.#times += times
    this.#details = details
    this.#kind = kind
    const isNews = !this.#kinds.has(kind) && this.#kinds.size < kindsMax
    if (this.#timer !== undefined && !isNews) return
    this.#kinds.add(kind)
    this.#say()
    if (this.#timer === undefined) this.#wait()
  }

  /** It is over, if it was. */
  over(details: object = {}): void {
    if (!this.#isSo) return
    this.#isSo = false
    this.#details = details
    // What comes and goes all the time gets one line for all when the wait is over.
    if (this.#overWasSaid) return
    this.#overWasSaid = true
    this.#say()
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#kinds.clear()
      this.#overWasSaid = false
      if (this.#times === 0) {
        this.#waitMs = sayAgainMs
        return
      }
      this.#kinds.add(this.#kind)
      this.#say()
      this.#waitMs = Math.min(2 * this.#waitMs, sayAgainMsMax)
      this.#wait()
    }, this.#waitMs).unref()
  }

  #say(): void {
    const { text, level = 'warn', over } = this.#texts
    const details = { ...this.#details, ...(this.#times > 1 && { times: this.#times }) }
    if (this.#isSo) this.#log[level](details, text)
    else if (over !== undefined) this.#log.info(details, over)
    this.#times = 0
  }
}

/** Tells causes apart, for `happened`: the code of a system's error, or the word that an answer of Redis begins with. */
export function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.name === 'ReplyError' ? (error.message.split(' ', 1)[0] ?? '') : error.message.slice(0, 64)
}
