import { titles, type Bench } from '../bench.ts'
import type { Counts } from '../side/ledger.ts'

const ledgerRows: readonly [keyof Counts, string, string][] = [
  ['published', 'Published', 'Events that the side acknowledged to this tab'],
  ['due', 'Due', 'Deliveries: one for each event and client'],
  ['delivered', 'Delivered', ''],
  ['behind', 'Behind', 'May still come: the client is not open, or not past the event'],
  ['lost', 'Lost', 'Never comes: the client is open and past the event'],
  ['predicted', 'Loss that theory predicts', 'Whatever another worker than the client’s has taken'],
  ['duplicate', 'Duplicate', ''],
  ['outOfOrder', 'Out of order', ''],
]

/** All that is counted, both sides next to each other. */
export function LedgerTable({ bench }: { bench: Bench }) {
  const nowMs = performance.now()
  const all = bench.sides.map(side => ({ side, counts: side.ledger.count(nowMs) }))
  return (
    <>
      <table class="ledger">
        <thead>
          <tr>
            <td />
            {all.map(({ side }) => (
              <th scope="col" key={side.kind}>
                {titles[side.kind]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ledgerRows.map(([key, name, what]) => (
            <tr key={key}>
              <th scope="row">
                {name} {what && <small>{what}</small>}
              </th>
              {all.map(({ side, counts }) => (
                <td key={side.kind} data-count-of={`${side.kind} ${key}`}>
                  {counts[key].toLocaleString('en')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        Counted by event and client. An event counts once it is everywhere, or one second after the server
        acknowledged it.
      </p>
    </>
  )
}
