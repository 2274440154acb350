import { titles, type Bench } from '../bench.ts'
import { hostOf, shortHost } from '../lab/name.ts'
import { EventTable } from './event-table.tsx'
import { Forms } from './forms.tsx'

/** One client, and what it receives. */
export function CloseUp({ bench }: { bench: Bench }) {
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
