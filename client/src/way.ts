import { write } from './element.ts'
import { shortWorker } from './lab/name.ts'

/** Where an event has been seen. Only what this tab has observed: a worker without a stream of ours may have had it too. */
export interface Way {
  readonly publishedBy: string
  /** The id in the log; undefined with a bus that keeps none. */
  readonly position: string | undefined
  /** The workers of the side, each with when one of this tab's streams on it had the event, undefined until then. */
  readonly workers: readonly {
    readonly name: string
    readonly streams: number
    readonly afterMs: number | undefined
  }[]
}

/** Shows the way of the newest event as a list of stations. */
export function showWay(list: HTMLOListElement, way: Way): void {
  const stations = [
    { text: `worker ${shortWorker(way.publishedBy)} took it`, seen: true },
    {
      text: way.position === undefined ? 'no log: the memory bus keeps none' : `log: ${way.position}`,
      seen: true,
    },
    ...way.workers.map(({ name, streams, afterMs }) => ({
      text: `worker ${shortWorker(name)}: ${said(streams, afterMs)}`,
      seen: afterMs !== undefined,
    })),
  ]
  while (list.children.length > stations.length) list.lastElementChild?.remove()
  for (const [index, { text, seen }] of stations.entries()) {
    const item = list.children[index] ?? list.appendChild(document.createElement('li'))
    if (!(item instanceof HTMLElement)) continue
    write(item, text)
    item.dataset['seen'] = String(seen)
  }
}

function said(streams: number, afterMs: number | undefined): string {
  if (afterMs !== undefined) return `this tab had it after ${afterMs} ms`
  return streams === 0 ? 'no stream of this tab' : 'has not brought it'
}
