import { write } from './element.ts'
import { processOf, shortWorker } from './lab/name.ts'
import type { BenchStream } from './side/streams.ts'
import type { Worker } from './lab/workers.ts'

export interface LaneButtons {
  /** Whether workers may be ended: in a lab alone. */
  readonly shown: boolean
  strike(worker: Worker, act: 'kill' | 'reload'): void
}

/** Workers shown for each side. */
const lanesMax = 32
/** Marks shown in a lane; the number says how many there are. */
const marksMax = 24

/**
 * A lane for each worker of a side: its connections, and a mark for each stream of this tab. Lanes are kept, so focus is;
 * two processes of one name have a lane each.
 */
export class Lanes {
  readonly #list: HTMLUListElement
  readonly #buttons: LaneButtons

  constructor(list: HTMLUListElement, buttons: LaneButtons) {
    this.#list = list
    this.#buttons = buttons
  }

  show(workers: readonly Worker[], streams: readonly BenchStream[]): void {
    const shown = workers.slice(0, lanesMax)
    const processes = new Set(shown.map(processOf))
    for (const lane of this.#all()) if (!processes.has(lane.dataset['process'] ?? '')) lane.remove()
    for (const [index, worker] of shown.entries()) {
      const lane = this.#all().find(it => it.dataset['process'] === processOf(worker)) ?? this.#make(worker)
      if (this.#list.children[index] !== lane)
        this.#list.insertBefore(lane, this.#list.children[index] ?? null)
      const own = streams.filter(
        ({ state, hello }) => state === 'open' && hello && processOf(hello) === processOf(worker),
      ).length
      const [name, count, marks] = lane.querySelectorAll('span')
      if (name) write(name, `${shortWorker(worker.worker)}, pid ${worker.pid}`)
      if (count) {
        write(
          count,
          `${worker.connections} open${own > 0 ? `, ${own} of this tab` : ''}${worker.ready ? '' : ', not ready'}`,
        )
      }
      if (marks) showMarks(marks, own)
    }
  }

  #all(): HTMLLIElement[] {
    return [...this.#list.children].filter(child => child instanceof HTMLLIElement)
  }

  #make(worker: Worker): HTMLLIElement {
    const lane = document.createElement('li')
    lane.dataset['worker'] = worker.worker
    lane.dataset['process'] = processOf(worker)
    lane.title = worker.worker
    for (const className of ['name', 'count', 'marks']) {
      const part = document.createElement('span')
      part.className = className
      if (className === 'marks') part.ariaHidden = 'true'
      lane.append(part)
    }
    if (this.#buttons.shown) {
      const acts = document.createElement('div')
      acts.className = 'acts'
      lane.append(acts)
      for (const [act, label] of [
        ['reload', 'Reload'],
        ['kill', 'Kill'],
      ] as const) {
        const button = document.createElement('button')
        button.type = 'button'
        button.className = 'small'
        button.textContent = label
        button.ariaLabel = `${label} worker ${shortWorker(worker.worker)}`
        button.addEventListener('click', () => this.#buttons.strike(worker, act))
        acts.append(button)
      }
    }
    return lane
  }
}

function showMarks(place: HTMLElement, count: number): void {
  const wanted = Math.min(count, marksMax)
  while (place.childElementCount > wanted) place.lastElementChild?.remove()
  while (place.childElementCount < wanted) place.append(document.createElement('i'))
}
