import { every } from '../every.ts'
import type { Observe } from '../observe/histograms.ts'
import type { StreamHub } from './stream-hub.ts'

/** Has the hub write a heartbeat every `everyMs`, and observes how late each was. Returns what ends it. */
export function beat(everyMs: number, hub: Pick<StreamHub, 'heartbeat'>, observe: Observe): () => void {
  let due = performance.now() + everyMs
  return every(everyMs, async () => {
    const wasDue = due
    due = performance.now() + everyMs
    await hub.heartbeat()
    observe.heartbeat(Math.max(0, performance.now() - wasDue) / 1000)
  })
}
