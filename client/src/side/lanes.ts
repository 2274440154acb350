import { processOf } from '../lab/name.ts'
import type { Worker } from '../lab/workers.ts'
import type { SideStream } from './streams.ts'

/** A place for one worker of a side. A worker that dies leaves its lane to its successor, so that nothing jumps. */
export interface Lane {
  /** Host and instance: they outlive the process, and the server's start. */
  readonly key: string
  readonly label: string
  readonly worker: string
  readonly process: string
  readonly state: 'ready' | 'starting' | 'gone'
}

interface Seen {
  readonly host: string
  readonly instance: number
  readonly worker: string
  readonly process: string
  readonly isReady: boolean
}

/** So long an empty lane waits for a successor. */
const emptyMsMax = 30_000
/** Lanes drawn; whoever runs more workers sees the first. */
const lanesMax = 16

/** Keeps the lanes of a side, from the list of live workers and from what the streams' own workers said. */
export class Lanes {
  readonly #lanes = new Map<string, Seen & { lastAtMs: number; isGone: boolean }>()
  readonly #struck = new Set<string>()

  /** This page has ended it: that is known before any list says so. */
  strike(process: string): void {
    this.#struck.add(process)
  }

  update(workers: readonly Worker[], streams: readonly SideStream[], nowMs: number): void {
    const seen = [...workers.map(ofList), ...streams.flatMap(ofStream)]
    for (const it of seen) {
      const key = `${it.host}/${it.instance}`
      const known = this.#lanes.get(key)
      const isGone = this.#struck.has(it.process)
      // For a moment an old list, or a stream that is not yet cut, still names the one before.
      if (known !== undefined && isGone && known.process !== it.process) continue
      this.#lanes.set(key, { ...it, lastAtMs: nowMs, isGone })
    }
    for (const [key, lane] of this.#lanes) {
      const isListed = seen.some(it => it.process === lane.process)
      if (!isListed) lane.isGone = true
      if (lane.isGone && nowMs - lane.lastAtMs > emptyMsMax) this.#lanes.delete(key)
    }
  }

  get all(): Lane[] {
    const sorted = [...this.#lanes].toSorted(
      ([, a], [, b]) => a.host.localeCompare(b.host) || a.instance - b.instance,
    )
    const hosts = [...new Set(sorted.map(([, { host }]) => host))]
    return sorted.slice(0, lanesMax).map(([key, { host, instance, worker, process, isReady, isGone }]) => ({
      key,
      label:
        hosts.length > 1 ? `${String.fromCodePoint(97 + hosts.indexOf(host))}${instance}` : `${instance}`,
      worker,
      process,
      state: isGone ? 'gone' : isReady ? 'ready' : 'starting',
    }))
  }
}

function ofList({ host, instance, worker, pid, ready }: Worker): Seen {
  return { host, instance, worker, process: processOf({ worker, pid }), isReady: ready }
}

function ofStream({ hello, state }: SideStream): Seen[] {
  if (hello === undefined || state !== 'open') return []
  const { worker, instance } = hello
  return [{ host: worker.split('/', 1)[0] ?? '', instance, worker, process: processOf(hello), isReady: true }]
}
