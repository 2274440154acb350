import type { Bench } from '../bench.ts'
import { shortWorker } from '../lab/name.ts'
import type { Row } from '../received.ts'

/** What the client has received, newest first. */
export function EventTable({ bench }: { bench: Bench }) {
  return (
    <>
      <h3 id="events-title">Received events</h3>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls must be reached by keyboard. */}
      <div class="scroll tall" role="region" aria-label="Received events, scrolls" tabIndex={0}>
        <table aria-labelledby="events-title">
          <thead>
            <tr>
              <th scope="col">Text</th>
              <th scope="col">Latency</th>
              <th scope="col">Published by</th>
              <th scope="col">Id</th>
            </tr>
          </thead>
          <tbody id="events">
            {bench.received.rows.map(row => (
              <EventRow key={row.key} row={row} publisher={bench.publishers.of(row.id)} />
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">
        The newest 200, without the page’s own beat. Latency is measured with the browsers’ clocks, so it is
        accurate only on one machine.
      </p>
    </>
  )
}

function EventRow({ row, publisher }: { row: Row; publisher: string | undefined }) {
  const { id, text, oldest, latencyMs, isOwn } = row
  if (text === undefined) {
    return (
      <tr data-gap="">
        <td class="text" colSpan={4}>
          Gap: events may have been missed while this stream was disconnected.{' '}
          {oldest === null ? 'Nothing older is kept.' : `The oldest event there is: ${oldest}.`}
        </td>
      </tr>
    )
  }
  return (
    <tr data-id={id} data-own={isOwn ? '' : undefined} data-worker={publisher}>
      <td class="text">{text}</td>
      <td>{latencyMs === undefined ? '–' : `${latencyMs} ms`}</td>
      <td class="publisher" title={publisher}>
        {publisher === undefined ? 'unknown' : shortWorker(publisher)}
      </td>
      <td class="id" title={id}>
        {id}
      </td>
    </tr>
  )
}
