import { BenchSide } from './bench-side.ts'
import { element } from './element.ts'
import type { Lab } from './lab/lab.ts'
import type { SideAddress } from './lab/origins.ts'
import type { Worker } from './lab/workers.ts'

export interface BenchParts {
  readonly lab: Lab
  readonly sides: readonly SideAddress[]
  readonly tab: string
  readonly topic: () => string
  /** What went wrong at a side; '' that it no longer does. */
  readonly problem: (origin: string, text: string) => void
  /** What is being done to a side; '' that it is over. */
  readonly act: (origin: string, text: string) => void
  /** Told of each event that the page's own side took. */
  readonly published: (id: string, worker: string) => void
}

const burstEvents = 20
const tickMs = 1000

/** Both sides next to each other: whatever is published goes to both, and each is measured by itself. */
export class Bench {
  readonly #sides: readonly BenchSide[]
  readonly #text = element('bench-text', HTMLInputElement)
  readonly #rate = element('bench-rate', HTMLInputElement)
  readonly #steady = element('bench-steady', HTMLButtonElement)
  readonly #burst = element('bench-burst', HTMLButtonElement)
  #seq = 0
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor({ lab, sides, tab, topic, problem, act, published }: BenchParts) {
    const template = element('bench-side', HTMLTemplateElement)
    const list = element('bench-sides', HTMLElement)
    this.#sides = sides.map((address, index) => {
      const place = document.createElement('section')
      place.className = 'bench-side'
      place.ariaLabel = `Side ${address.origin}`
      place.append(template.content.cloneNode(true))
      const name = place.querySelector('.origin')
      if (name) name.textContent = address.origin
      list.append(place)
      return new BenchSide({
        address,
        place,
        tab,
        topic,
        lab: lab.lab,
        problem: text => problem(address.origin, text),
        act: text => act(address.origin, text),
        published: index === 0 ? published : () => undefined,
      })
    })
    element('bench-form', HTMLFormElement).addEventListener('submit', event => {
      event.preventDefault()
      void this.#send()
    })
    this.#burst.addEventListener('click', () => void this.#sendBurst())
    this.#steady.addEventListener('click', () => this.#toggle())
    setInterval(() => {
      for (const side of this.#sides) side.tick()
    }, tickMs)
  }

  /** All live workers. Those of a side hear the same bus; a page alone has them all. */
  setWorkers(workers: readonly Worker[], ownBus: string | undefined): void {
    const [own, other] = this.#sides
    const beside = workers.filter(({ bus }) => other === undefined || bus === ownBus)
    own?.setWorkers(beside)
    other?.setWorkers(workers.filter(worker => !beside.includes(worker)))
  }

  /** Where the page's own side takes calls, however many streams are open. */
  get callTo(): string {
    return this.#sides[0]?.callTo ?? ''
  }

  /** The page's own stream was cut, or is open. */
  setOwnStreamCut(isCut: boolean): void {
    this.#sides[0]?.setOwnStreamCut(isCut)
  }

  /** Another topic: every stream of the old one is closed. */
  leaveTopic(): void {
    for (const side of this.#sides) side.closeAll()
  }

  /** One at a time on each side: two on the way at once have no order, and would look like a fault of the side. */
  async #send(): Promise<void> {
    this.#waiting += 1
    this.#turn = this.#sendAfter(this.#turn)
    await this.#turn
  }

  async #sendAfter(turn: Promise<void>): Promise<void> {
    await turn
    this.#seq += 1
    const seq = this.#seq
    await Promise.all(this.#sides.map(side => side.send(seq, this.#text.value)))
    this.#waiting -= 1
  }

  /** One after the other, so that they have an order. */
  async #sendBurst(): Promise<void> {
    if (this.#burst.ariaBusy === 'true') return
    this.#burst.ariaBusy = 'true'
    for (let sent = 0; sent < burstEvents; sent += 1) await this.#send()
    this.#burst.ariaBusy = 'false'
  }

  #toggle(): void {
    if (this.#timer !== undefined) {
      clearInterval(this.#timer)
      this.#timer = undefined
    } else if (this.#rate.reportValidity()) {
      // A side that is slower than the rate gets less, not a pile.
      const send = () => void (this.#waiting < 2 && this.#send())
      this.#timer = setInterval(send, 1000 / this.#rate.valueAsNumber)
    }
    const running = this.#timer !== undefined
    this.#steady.textContent = running ? 'Stop' : 'Start'
    this.#steady.ariaPressed = String(running)
  }
}
