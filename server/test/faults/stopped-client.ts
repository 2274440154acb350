import { audit, auditText } from '@sse-lab/testkit/ledger.ts'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { closeStreams, type TestStream } from '@sse-lab/testkit/stream.ts'
import { setSysctl } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Side } from './side.ts'

const clientCount = 3
const publisherCount = 8
// With field names, id and sequence it stays below EVENT_BYTES_MAX, 64 KiB.
const padding = 'x'.repeat(65_000)
// Publishers share this process with the clients, and wait while one of them has this many events still to come.
const behindMax = 8
// At least, at first and at most.
const nginxReceivesBytes = '4096 131072 1048576'

/**
 * One client stops reading while `bytes` pass, then goes on. It must end with all of them or, where its place is no
 * longer kept, with exactly one gap; the others must lose nothing. Returns what happened, in one line.
 */
export async function stopReading(side: Side, bytes: number): Promise<string> {
  // Linux lets a socket that was read fast hold 32 MB. Here nginx would: how much is lost, and whether any, would be chance.
  await setSysctl(side.proxy, 'net/ipv4/tcp_rmem', nginxReceivesBytes)
  await side.openClients()
  try {
    for (const spare of side.clients.splice(clientCount)) spare.close()
    const [stopped, ...others] = side.clients
    if (stopped === undefined) throw new Error('there is no client')
    stopped.stopReading()
    const publishers = await pass(side, others, Math.ceil(bytes / padding.length))
    stopped.readOn()

    // Where nothing is kept it may miss this one too, not having seen yet that it was cut: hence more than one.
    const closing = new Publisher({
      name: 'closing',
      topic: side.topic,
      headers: side.headers,
      repeats: true,
    })
    await until('a closing event at the client that stopped', 20_000, async () => {
      await closing.publish(side.base, 5000)
      return stopped.received.at(-1)?.publisher === 'closing'
    })
    return judge(side, publishers, stopped, others)
  } finally {
    closeStreams()
  }
}

/** Publishes so many large events, at the pace of `clients`. */
async function pass(
  { topic, base, headers }: Side,
  clients: TestStream[],
  events: number,
): Promise<Publisher[]> {
  const publishers = Array.from(
    { length: publisherCount },
    (_, index) => new Publisher({ name: `large${index}`, topic, headers, repeats: true, padding }),
  )
  let begun = 0
  const publishAll = async (publisher: Publisher) => {
    while (begun < events) {
      begun += 1
      await until('the other clients to keep up', 10_000, () =>
        clients.every(({ received }) => begun - received.length < behindMax + publisherCount),
      )
      if (!(await publisher.publish(base, 5000))) throw new Error('a large event was not acknowledged')
    }
  }
  await Promise.all(publishers.map(publishAll))
  await until('the other clients to have all', 10_000, () =>
    clients.every(({ received }) => received.length >= events),
  )
  return publishers
}

function judge(side: Side, publishers: Publisher[], stopped: TestStream, others: TestStream[]): string {
  const acknowledged = publishers.flatMap(publisher => publisher.acknowledged)
  const found = audit(acknowledged, stopped.received)
  const said = `${side.name}: ${acknowledged.length} large events; the client that stopped: ${auditText(found)}, gaps ${stopped.gaps.length}, cuts ${stopped.cuts}`
  const wrong = others
    .map(({ received, gaps }) => ({ ...audit(acknowledged, received), gaps: gaps.length }))
    .filter(
      ({ lost, doubled, disordered, gaps }) => lost.length + doubled.length + disordered.length + gaps > 0,
    )
    .map(it => `one of the others: ${auditText(it)}, gaps ${it.gaps}`)
  const isTold = stopped.gaps.length === (found.lost.length > 0 ? 1 : 0)
  if (!isTold || found.doubled.length + found.disordered.length > 0)
    wrong.push('that is not all, and not one gap')
  // Or too few passed for the buffers on the way.
  if (side.bus === 'pubsub' && found.lost.length === 0) wrong.push('nothing was at stake')
  if (wrong.length > 0) throw new Error([said, ...wrong].join('\n  '))
  return said
}
