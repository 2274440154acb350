import { useEffect, useRef } from 'preact/hooks'
import { titles } from '../bench.ts'
import { shortWorker } from '../lab/name.ts'
import type { Dot, Picture } from '../side/picture.ts'
import type { Side } from '../side/side.ts'
import { Pulses } from './pulses.ts'

const sentences = {
  broken: 'A worker tells only its own clients. No heartbeat, no history, a plain EventSource.',
  fixed: 'Every worker reads one log. Heartbeats, replay by id, a client that comes back.',
  single: 'One worker needs no bus: every client is its own.',
} as const

interface PanelProps {
  readonly side: Side
  readonly picture: Picture
  /** After how long its proxy cuts a silent client, while that is of interest. */
  readonly patienceMs: number | undefined
}

const logs: Readonly<Record<string, string>> = {
  streams: 'one log, in Redis',
  pubsub: 'one channel, in Redis',
}

/** One side: what became of the events, as one number, and where they went. */
export function Panel({ side, picture, patienceMs }: PanelProps) {
  const { kind } = side
  const { counts, open, total, holders } = picture
  const id = `side-${kind}`
  return (
    <section
      class="panel"
      aria-labelledby={id}
      data-side={kind}
      data-open={open}
      data-total={total}
      data-workers={holders}
      data-published={counts.published}
      data-due={counts.due}
      data-delivered={counts.delivered}
      data-behind={counts.behind}
      data-lost={counts.lost}
      data-duplicate={counts.duplicate}
      data-out-of-order={counts.outOfOrder}
    >
      <header>
        <h2 id={id}>{titles[kind]}</h2>
        <a class="origin" href={`${side.address.origin}/`}>
          {side.address.origin.replace(/^https?:\/\//, '')}
        </a>
        <p>{sentences[kind]}</p>
      </header>
      <Score picture={picture} />
      <Diagram side={side} picture={picture} patienceMs={patienceMs} />
      <Numbers picture={picture} />
    </section>
  )
}

function Score({ picture: { percent } }: { picture: Picture }) {
  return (
    <p class="score" data-tone={percent === undefined ? 'none' : percent < 99.5 ? 'low' : 'full'}>
      <strong>{percent === undefined ? '–' : shown(percent)}</strong>
      <span> % delivered</span>
    </p>
  )
}

/** 100 only if nothing at all is missing. */
function shown(percent: number): string {
  return String(percent < 100 ? Math.min(99, Math.round(percent)) : 100)
}

const numbers = [
  ['due', 'Due', 'Deliveries that were due: one for each event and client'],
  ['delivered', 'Delivered', 'Of those, what the clients received'],
  ['behind', 'Behind', 'Of those, what may still come: the client is not past the event'],
  ['lost', 'Lost', 'Of those, what never comes: the client is open and past the event'],
] as const

function Numbers({ picture: { counts, open, total } }: { picture: Picture }) {
  return (
    <dl class="numbers">
      <div title="Clients of this tab that are open">
        <dt>Clients</dt>
        <dd>
          {open} of {total}
        </dd>
      </div>
      {numbers.map(([key, label, title]) => (
        <div key={key} title={title} data-number={key} data-count={counts[key] === 0 ? 'none' : 'some'}>
          <dt>{label}</dt>
          <dd>{counts[key].toLocaleString('en')}</dd>
        </div>
      ))}
    </dl>
  )
}

function Diagram({ side, picture, patienceMs }: PanelProps) {
  const wires = useRef<HTMLCanvasElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const pulses = useRef<Pulses>(null)
  useEffect(() => {
    if (wires.current === null || canvas.current === null) return undefined
    const made = new Pulses(wires.current, canvas.current, side)
    pulses.current = made
    return () => made.end()
  }, [side])
  const where = picture.dots.map(({ stream, lane, look }) => `${stream} ${lane} ${look}`).join()
  useEffect(() => pulses.current?.moved(), [where, picture.lanes.length])

  const { lanes, dots } = picture
  return (
    <div class="diagram" role="img" aria-label={described(side, picture)}>
      <canvas ref={wires} class="wires" />
      <canvas ref={canvas} class="pulses" />
      <div class="node log" data-node="log">
        {logs[side.bus] ?? 'no log'}
      </div>
      <div class="lanes">
        {lanes.map(({ key, label, worker, state }) => (
          <div class="node lane" key={key} data-lane={key} data-worker={worker} data-state={state}>
            <span>
              <span class="long">worker </span>
              {label}
            </span>
            {state === 'gone' && <small>restarting…</small>}
          </div>
        ))}
      </div>
      <div class="middle">
        <div class="node publisher" data-node="publisher">
          <span>
            <span class="long">POST </span>▸
          </span>
        </div>
        <div class="node proxy" data-node="proxy">
          {patienceMs === undefined ? 'nginx' : `nginx, patient for ${secondsLeft(dots, patienceMs)} s more`}
        </div>
      </div>
      <div class="dots" style={{ '--slots': picture.slots, '--rows': picture.rows }}>
        {dots.map(dot => (
          <Light key={dot.stream} dot={dot} patienceMs={patienceMs} />
        ))}
      </div>
    </div>
  )
}

function Light({ dot, patienceMs }: { dot: Dot; patienceMs: number | undefined }) {
  const { stream, lane, left, top, look, heardAtMs } = dot
  const isCounted = patienceMs !== undefined && look !== 'away' && look !== 'dead'
  const share = isCounted ? Math.max(0, 1 - (performance.now() - heardAtMs) / patienceMs) : undefined
  const style = { left: `${left}%`, top: `${top}%`, '--left': share }
  return <i data-stream={stream} data-under={lane} data-look={look} style={style} />
}

/** Until the next client is cut. */
function secondsLeft(dots: readonly Dot[], patienceMs: number): number {
  const counted = dots.filter(({ look }) => look !== 'away' && look !== 'dead')
  const heardAtMs = Math.min(...counted.map(dot => dot.heardAtMs), performance.now())
  return Math.max(0, Math.ceil((heardAtMs + patienceMs - performance.now()) / 1000))
}

/** The diagram for who does not see it. */
function described(side: Side, { lanes, open, total, dots }: Picture): string {
  const { newest } = side
  const got = dots.filter(({ look }) => look === 'got').length
  const last =
    newest === undefined
      ? ''
      : ` Worker ${shortWorker(newest.publishedBy)} took the newest event; ${got} clients had the last one.`
  return `${open} of ${total} clients are open, on ${lanes.length} workers.${last}`
}
