import type { Bench } from '../bench.ts'
import { streamsWanted } from '../bench.ts'
import { rateMax } from '../side/beat.ts'
import type { Picture } from '../side/picture.ts'
import type { Side } from '../side/side.ts'
import { Panel } from './panel.tsx'
import { SignIn } from './sign-in.tsx'

/** What one sees first: both sides at work, and how to hold them. */
export function Hero({
  bench,
  pictures,
  isQuiet,
}: {
  bench: Bench
  pictures: readonly (readonly [Side, Picture])[]
  /** The proxy of the broken side is losing its patience, and one wants to see how much is left. */
  isQuiet: boolean
}) {
  return (
    <>
      {bench.isExpired && <SignIn reason="expired" topic={bench.topic} />}
      <div class="lead">
        <p>
          This tab holds {clients(pictures)}
          {bench.sides.length > 1 && ' on each side'} and publishes {perSecond(bench.beat.rate)}
          {bench.sides.length > 1 && (
            <>
              {' '}
              to both. <strong>Left</strong> is what people write first, <strong>right</strong> the same with
              the fixes
            </>
          )}
          . Each light is an event that a client has received.
        </p>
        <Controls bench={bench} />
      </div>
      <Limit bench={bench} />
      <div class="sides" data-sides={bench.sides.length} data-ready={bench.isReady}>
        {pictures.map(([side, picture]) => (
          <Panel
            key={side.address.origin}
            side={side}
            picture={picture}
            patienceMs={isQuiet && side.kind === 'broken' ? bench.lab.brokenTimeoutMs : undefined}
          />
        ))}
      </div>
      <ul class="legend">
        {legend.map(([look, text]) => (
          <li key={look}>
            <i data-look={look} /> {text}
          </li>
        ))}
      </ul>
    </>
  )
}

const legend = [
  ['got', 'has the last event'],
  ['lost', 'lost it'],
  ['behind', 'behind: it may still come'],
  ['away', 'between two workers'],
  ['dead', 'gave up for good'],
] as const

function clients(pictures: readonly (readonly [Side, Picture])[]): string {
  const [total = 0] = pictures.map(([, picture]) => picture.total)
  return `${total || streamsWanted} ${total === 1 ? 'client' : 'clients'}`
}

function perSecond(rate: number): string {
  return rate === 1 ? 'one event a second' : `${rate} events a second`
}

function Controls({ bench }: { bench: Bench }) {
  const { beat } = bench
  const isStopped = beat.pauses.has('person') || beat.pauses.has('time')
  return (
    <div class="controls">
      <button type="button" id="pause" onClick={() => void (isStopped ? bench.resume() : bench.pause())}>
        {isStopped ? 'Resume' : 'Pause'}
      </button>
      <label>
        <span>Events a second</span>
        <input
          id="rate"
          type="range"
          min="1"
          max={rateMax}
          value={beat.rate}
          onInput={event => beat.setRate(event.currentTarget.valueAsNumber)}
        />
        <output>{beat.rate}</output>
      </label>
      <p role="status" class="paused">
        {beat.pauses.has('time') ? 'Stopped after ten minutes. Nothing is open.' : ''}
      </p>
    </div>
  )
}

/** Where a browser has too few connections, the page says so. */
function Limit({ bench }: { bench: Bench }) {
  const [side] = bench.sides
  if (side === undefined) return null
  const { streamsAt, sharing } = side.address
  const isShort = bench.sides.some(({ streams }) => streams.all.length < streamsWanted)
  if (!bench.isReady || !isShort || bench.beat.pauses.has('time')) return null
  return (
    <p class="limit">
      {sharing === 'names'
        ? `Other tabs of this browser have the other connections: it opens six to each of ${streamsAt.length} names.`
        : `Only ${side.streamsMax} clients on each side: over HTTP/1.1 a browser opens six connections to one address, over all its tabs, and the page keeps one for its calls.`}
    </p>
  )
}
