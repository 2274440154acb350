/** Why nothing is published: a person paused, the page cannot be seen, it ran long enough, or an experiment wants silence. */
export type Pause = 'person' | 'hidden' | 'time' | 'experiment'

export const rateMax = 50

/** Publishes at a steady rate, for as long as there is no reason not to. */
export class Beat {
  readonly #act: () => void
  readonly #pauses = new Set<Pause>(['hidden'])
  #rate = 1
  #timer: ReturnType<typeof setInterval> | undefined
  /** An experiment may want another rate for its time. */
  #lent: number | undefined

  constructor(act: () => void) {
    this.#act = act
  }

  /** What a person has chosen, in events a second. */
  get rate(): number {
    return this.#rate
  }

  /** What an experiment has borrowed runs, also for a person who has paused. */
  get isRunning(): boolean {
    const others = [...this.#pauses].filter(why => why !== 'person')
    return others.length === 0 && (this.#lent !== undefined || !this.#pauses.has('person'))
  }

  get pauses(): ReadonlySet<Pause> {
    return this.#pauses
  }

  setRate(rate: number): void {
    this.#rate = Math.min(rateMax, Math.max(1, Math.round(rate)))
    this.#start()
  }

  pause(why: Pause): void {
    this.#pauses.add(why)
    this.#start()
  }

  resume(why: Pause): void {
    if (!this.#pauses.delete(why)) return
    this.#start()
    // What is seen to begin should begin at once.
    if (this.isRunning) this.#act()
  }

  /** Another rate until `giveBack()`, whether a person has paused or not. */
  lend(rate: number): void {
    this.#lent = rate
    this.#start()
  }

  giveBack(): void {
    this.#lent = undefined
    this.#start()
  }

  #start(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    if (this.isRunning) this.#timer = setInterval(this.#act, 1000 / (this.#lent ?? this.#rate))
  }
}
