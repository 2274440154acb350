import { titles, type Bench } from '../bench.ts'
import { processOf, serverOf, shortWorker } from '../lab/name.ts'
import type { Worker } from '../lab/workers.ts'
import type { Side } from '../side/side.ts'

/** Rows shown. */
const workersMax = 100

/** The live workers of both sides, and buttons to end them. */
export function Workers({ bench }: { bench: Bench }) {
  const rows = bench.sides.flatMap(side =>
    side.workers
      .toSorted((a, b) => serverOf(a.worker).localeCompare(serverOf(b.worker)) || a.instance - b.instance)
      .map(worker => ({ side, worker })),
  )
  const note = bench.listProblem
    ? `Not updating: ${bench.listProblem}.`
    : bench.isPartial
      ? 'Redis is unreachable: only the worker that answered is shown.'
      : bench.sides.length > 1
        ? 'Both sides, every 2 s.'
        : 'Every 2 s.'
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls must be reached by keyboard. */}
      <div class="scroll" role="region" aria-label="Workers, scrolls" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">Process</th>
              <th scope="col">Streams</th>
              <th scope="col">Published</th>
              <th scope="col">Delivered</th>
              <th scope="col" title="From the log to this worker, by the clocks of two machines">
                Bus lag
              </th>
              <th scope="col" title="How late timers were: the 99th percentile of up to a minute">
                Loop delay
              </th>
              <th scope="col">Memory</th>
              <th scope="col">End it</th>
            </tr>
          </thead>
          <tbody id="workers">
            {rows.slice(0, workersMax).map(({ side, worker }) => (
              <WorkerRow key={processOf(worker)} bench={bench} side={side} worker={worker} />
            ))}
          </tbody>
        </table>
      </div>
      <p id="workers-note" class="hint">
        {note}
      </p>
    </>
  )
}

function WorkerRow({ bench, side, worker }: { bench: Bench; side: Side; worker: Worker }) {
  const name = shortWorker(worker.worker)
  async function end(act: 'kill' | 'reload'): Promise<void> {
    const wrong = await side.strike(worker.worker, act)
    bench.notices.say(
      `act at ${side.address.origin}`,
      wrong === undefined ? '' : `Worker ${name} could not be stopped: ${wrong}.`,
    )
  }
  return (
    <tr data-worker={worker.worker} data-process={processOf(worker)} data-row={side.kind}>
      <th scope="row" title={worker.worker}>
        {titles[side.kind]} {worker.instance}
        {!worker.ready && <span class="badge"> not ready</span>}
      </th>
      <td>{worker.pid}</td>
      <td>{worker.connections.toLocaleString('en')}</td>
      <td>{worker.published.toLocaleString('en')}</td>
      <td>{worker.delivered.toLocaleString('en')}</td>
      <td>{worker.busLagMs === null ? '–' : `${Math.round(worker.busLagMs)} ms`}</td>
      <td>{worker.eventLoopDelayMs.toFixed(1)} ms</td>
      <td>{Math.round(worker.rssBytes / 1_048_576)} MiB</td>
      <td class="acts">
        {bench.lab.lab &&
          (['reload', 'kill'] as const).map(act => (
            <button
              key={act}
              type="button"
              class="small"
              aria-label={`${act === 'kill' ? 'Kill' : 'Reload'} worker ${name}`}
              onClick={() => void end(act)}
            >
              {act === 'kill' ? 'Kill' : 'Reload'}
            </button>
          ))}
      </td>
    </tr>
  )
}
