import type { Bench } from '../bench.ts'
import { CloseUp } from './close-up.tsx'
import { LedgerTable } from './ledger-table.tsx'
import { Workers } from './workers.tsx'

/** What stands behind the picture, for who wants to look closer. */
export function Details({ bench }: { bench: Bench }) {
  return (
    <>
      <details id="close-up">
        <summary>One client, close up</summary>
        <CloseUp bench={bench} />
      </details>
      <details id="ledger">
        <summary>The whole ledger</summary>
        <LedgerTable bench={bench} />
      </details>
      <details id="workers-card">
        <summary>Workers, and how to end one</summary>
        <Workers bench={bench} />
      </details>
    </>
  )
}
