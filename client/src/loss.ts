import type { Acknowledgement } from './ledger.ts'
import { shortWorker } from './lab/name.ts'

/** One line for the reader. It names a cause only where the cause is known. */
export function explainLoss(lost: number, last: Acknowledgement, bus: string): string {
  const lead = lost === 1 ? '1 event lost. It' : `${lost} events lost. The last one`
  if (last.heldBy === undefined) return `${lead} was published while this stream was not open.`
  const publisher = `worker ${shortWorker(last.publishedBy)}`
  const holder = `worker ${shortWorker(last.heldBy)}`
  if (bus === 'memory' && last.publishedBy !== last.heldBy) {
    return `${lead} was published by ${publisher}, this stream is held by ${holder}; ${holder} never heard of it.`
  }
  return `${lead} was acknowledged by ${publisher} and did not reach this stream, held by ${holder}.`
}
