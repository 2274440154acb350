import { call, publish } from '../../server/test/support/publish.ts'
import { Reader } from '../../server/test/support/reader.ts'
import { until } from '../../server/test/support/until.ts'
import { scenario } from './scenario.ts'

const eventBytes = 60_000
const mebibyte = 2 ** 20

export const slowReaderMemory = scenario({
  name: 'slow-reader-memory',
  title: 'One reader that stops reading fills the memory',
  symptom:
    '`JavaScript heap out of memory` or exit code 137 on one worker, and all its streams are gone; it was one tab on a phone in a tunnel.',
  switch: 'naive/slow-reader-memory.ts (nobody looks at write()’s answer) against BUFFERED_BYTES_MAX',
  because:
    'write() answers false when the kernel takes no more, and keeps the bytes in the process. A reader that has stopped costs all that is published until it is gone.',
  fix: 'Look at the unsent bytes before each write; past a bound, close the connection. It comes back by id, and nothing is lost.',
  code: [
    { file: 'server/src/connection.ts', text: 'this.#bounds.bufferedBytesMax' },
    { file: 'server/src/connection.ts', text: "this.close('slow-reader')" },
  ],
  sides: { broken: 'load/scenarios/naive/slow-reader-memory.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const bytes = rig.ms(60, 200) * mebibyte
    const count = Math.ceil(bytes / eventBytes)
    const server = await rig.process(file)
    const url = `${server.url}/events?topic=t`
    const [stopped, reading] = [new Reader(url), new Reader(url)]
    await Promise.all([stopped.greeted(), reading.greeted()])
    stopped.stopReading()
    const before = await server.rssBytes()
    let highest = before
    for (let sequence = 0; sequence < count; sequence += 1) {
      await publish(server.url, { topic: 't', data: `p ${sequence} ${'x'.repeat(eventBytes)}` })
      if (sequence % 50 === 0) highest = Math.max(highest, await server.rssBytes())
    }
    highest = Math.max(highest, await server.rssBytes())
    await until('the other reader to have all', 5000, () => reading.received.length >= count)
    const metrics = (await call('GET', `${server.url}/metrics`)).body
    return {
      grownMib: Math.round((highest - before) / mebibyte),
      publishedMib: Math.round((count * eventBytes) / mebibyte),
      received: reading.received.length,
      count,
      closed: Number(
        /^sse_connections_closed_total\{.*reason="slow-reader".*\} (\d+)$/m.exec(metrics)?.[1] ?? 0,
      ),
    }
  },
  judge: {
    broken: ({ grownMib, publishedMib, received, count, closed }) => ({
      predicted: `memory grows by the ${publishedMib} MiB published, or more`,
      measured: `grows by ${grownMib} MiB`,
      // The kernel holds some megabytes of it. Text that waits takes more than its bytes.
      holds: grownMib > 0.7 * publishedMib && received === count && closed === 0,
      evidence: `${closed} connections closed as slow-reader`,
    }),
    fixed: ({ grownMib, publishedMib, received, count, closed }) => ({
      predicted: 'closed at 1 MiB unsent, the other reader gets all',
      measured: `grows by ${grownMib} MiB, ${received} of ${count} events`,
      holds: grownMib < 0.7 * publishedMib && received === count && closed === 1,
      evidence: `${closed} connection closed as slow-reader`,
    }),
  },
})
