import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Judgement, SideName } from '../scenario.ts'

const smallCount = 20

/** What the clients had after small events, and the one with gzip after a large one that cannot be compressed. */
export type TwoClients = { plain: number; gzip: number; pushed: number; encoding: string }

/**
 * Publishes small events to two clients, one of which takes gzip as every browser does, and waits `waitMs`. Then 60 kB of
 * noise fill whatever block a compressor may be waiting for. `joined` resolves when the server holds both streams; without
 * it the headers of the second say so, if nothing holds them back.
 */
export async function twoClients(
  base: string,
  waitMs: number,
  joined?: () => Promise<unknown>,
): Promise<TwoClients> {
  const url = `${base}/events?topic=t`
  const plain = await TestStream.openGreeted(url)
  let gzip: TestStream | undefined
  const opened = TestStream.open(url, { headers: { 'accept-encoding': 'gzip' } }).then(it => (gzip = it))
  await (joined?.() ?? opened)
  for (let sequence = 0; sequence < smallCount; sequence += 1)
    await publish(base, { topic: 't', data: `event ${sequence}` })
  await until('the plain client to have all', 3000, () => plain.events.length === smallCount)
  await pause(waitMs)
  const before = { plain: small(plain), gzip: small(gzip) }
  await publish(base, { topic: 't', data: randomBytes(45_000).toString('base64') })
  const { headers } = await opened
  await until('the small events', 3000, () => small(gzip) === smallCount).catch(() => undefined)
  return { ...before, pushed: small(gzip), encoding: headers['content-encoding'] ?? 'none' }
}

/** With a compressor on the way the events are held until they are pushed; without one both clients have all. */
export const judgeClients: Record<SideName, (figures: TwoClients) => Judgement> = {
  broken: figures => ({
    predicted: `0 of ${smallCount} with gzip, ${smallCount} without; then ${smallCount}, pushed out by 60 kB of noise`,
    measured: told(figures),
    holds:
      figures.plain === smallCount &&
      figures.gzip === 0 &&
      figures.pushed === smallCount &&
      figures.encoding === 'gzip',
    evidence: `Content-Encoding: ${figures.encoding}`,
  }),
  fixed: figures => ({
    predicted: `${smallCount} of ${smallCount} with gzip and without`,
    measured: told(figures),
    holds: figures.plain === smallCount && figures.gzip === smallCount && figures.encoding === 'none',
    evidence: `Content-Encoding: ${figures.encoding}`,
  }),
}

function told({ plain, gzip, pushed }: TwoClients): string {
  return `${gzip} of ${smallCount} with gzip, ${plain} without${pushed === gzip ? '' : `; then ${pushed}`}`
}

// Only what came in its order counts.
function small(stream: TestStream | undefined): number {
  return stream?.events.filter(({ data }, index) => data === `event ${index}`).length ?? 0
}
