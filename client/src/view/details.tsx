import { useState } from 'preact/hooks'
import { titles, type Bench } from '../bench.ts'
import { hostOf, processOf, serverOf, shortHost, shortWorker } from '../lab/name.ts'
import type { Worker } from '../lab/workers.ts'
import type { Row } from '../received.ts'
import type { Counts } from '../side/ledger.ts'
import type { Side } from '../side/side.ts'

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

function CloseUp({ bench }: { bench: Bench }) {
  const [stream] = bench.own.streams.all
  const hello = stream?.hello
  const facts: [string, string, string][] = [
    ['Side', 'stream-side', titles[bench.own.kind]],
    ['State', 'stream-state', stream?.state ?? 'closed'],
    ['Worker', 'worker-instance', hello === undefined ? '–' : String(hello.instance)],
    ['Process', 'worker-pid', hello === undefined ? '–' : String(hello.pid)],
    ['Host', 'worker-host', hello === undefined ? '–' : shortHost(hostOf(hello.worker))],
    ['Heartbeat', 'heartbeat', heartbeat(hello?.heartbeatMs, stream?.beatAtMs)],
    ['Opened', 'openings', times(stream?.openings ?? 0)],
  ]
  return (
    <>
      <p>
        The first client of the {titles[bench.own.kind].toLowerCase()} side. Every client of this page also
        hears the topic below, so what you send here, in another tab or from a shell lights them up, too.
      </p>
      <dl class="facts">
        {facts.map(([name, id, value]) => (
          <div key={id}>
            <dt>{name}</dt>
            <dd id={id} data-state={id === 'stream-state' ? value : undefined}>
              {value}
            </dd>
          </div>
        ))}
      </dl>
      <Forms bench={bench} />
      <EventTable bench={bench} />
    </>
  )
}

function heartbeat(everyMs: number | undefined, atMs: number | undefined): string {
  if (everyMs === undefined) return '–'
  if (everyMs === 0) return 'off'
  const every = `every ${everyMs / 1000} s`
  return atMs === undefined
    ? `none yet, ${every}`
    : `${Math.floor((performance.now() - atMs) / 1000)} s ago, ${every}`
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

const burst = 20

function Forms({ bench }: { bench: Bench }) {
  const [topic, setTopic] = useState(bench.topic)
  const [text, setText] = useState('Hello')
  const [isBusy, setBusy] = useState(false)
  /** One after the other, so that they have an order. */
  async function send(count: number): Promise<void> {
    if (isBusy) return
    setBusy(true)
    for (let sent = 0; sent < count; sent += 1) await bench.publish(text)
    setBusy(false)
  }
  // No topic has a quote in it, so the line is safe to paste.
  const body = JSON.stringify({ topic: bench.topic, data: 'Hello from a shell' })
  const curl = `curl -H 'Content-Type: application/json' \\\n  -d '${body}' \\\n  ${location.origin}/events`
  return (
    <div class="forms">
      <form
        autocomplete="off"
        onSubmit={event => {
          event.preventDefault()
          bench.join(topic.trim())
        }}
      >
        <label for="topic">Topic</label>
        <input
          id="topic"
          type="text"
          maxLength={256}
          spellcheck={false}
          autocapitalize="none"
          required
          value={topic}
          onInput={event => setTopic(event.currentTarget.value)}
        />
        <button type="submit">Join</button>
      </form>
      <form
        autocomplete="off"
        onSubmit={event => {
          event.preventDefault()
          void send(1)
        }}
      >
        <label for="text">Text</label>
        <input
          id="text"
          type="text"
          maxLength={500}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
        <button id="send" type="submit">
          Send to both
        </button>
        <button id="burst" type="button" aria-busy={isBusy} onClick={() => void send(burst)}>
          Send {burst}
        </button>
      </form>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls must be reached by keyboard. */}
      <pre id="curl" tabIndex={0} role="region" aria-label="The same with curl">
        <code>{curl}</code>
      </pre>
    </div>
  )
}

function EventTable({ bench }: { bench: Bench }) {
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

function LedgerTable({ bench }: { bench: Bench }) {
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

/** Rows shown. */
const workersMax = 100

function Workers({ bench }: { bench: Bench }) {
  const rows = bench.sides.flatMap(side =>
    side.workers
      .toSorted((a, b) => serverOf(a.worker).localeCompare(serverOf(b.worker)) || a.instance - b.instance)
      .map(worker => ({ side, worker })),
  )
  const note = bench.listProblem
    ? `Not updating: ${bench.listProblem}.`
    : bench.isPartial
      ? 'Redis is unreachable: only the worker that answered is shown.'
      : 'Both sides, every 2 s.'
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
