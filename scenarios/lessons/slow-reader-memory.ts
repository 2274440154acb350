import { call, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { heldBytes, inspected } from '../rig/held-memory.ts'
import { idsOf, missing } from '../rig/published.ts'
import { scenario } from '../scenario.ts'

const eventBytes = 250_000
// Half of what a connection may have unsent: a client that reads is never this far behind.
const behindMax = 2

export const slowReaderMemory = scenario({
  name: 'slow-reader-memory',
  title: 'One client that stops reading fills the server’s memory',
  symptom:
    'Memory of one worker climbs until it is killed (OOMKilled, exit code 137, or "JavaScript heap out of memory"), and all of its streams with it.',
  switch: 'naive/slow-reader-memory.ts against connection.ts: who looks at what is unsent',
  because:
    'A client that stopped (a suspended tab, a phone in a tunnel) still has its connection. Past the kernel’s buffers write() returns false and keeps the text: the process grows by what is published.',
  fix: 'Before each write, what is unsent is compared with BUFFERED_BYTES_MAX. Past it the connection is closed, with a counted reason; the client resumes by id.',
  code: [
    {
      file: 'server/src/http/connection.ts',
      text: 'this.#socket.writableLength > this.#bounds.bufferedBytesMax',
    },
    { file: 'server/src/http/connection.ts', text: "this.close('slow-reader')" },
  ],
  sides: {
    broken: 'scenarios/naive/slow-reader-memory.ts',
    fixed: 'server/src/main.ts',
  },
  async measure(rig, file) {
    const server = await rig.process(file, {
      ...inspected,
      BUS: 'memory',
      EVENT_BYTES_MAX: '524288',
    })
    const url = `${server.url}/events?topic=t`
    const eventCount = rig.count(160, 800)
    const data = 'x'.repeat(eventBytes)
    // Where nobody listens: by then all of its code is loaded.
    for (let n = 0; n < 10; n += 1) await publish(server.url, { topic: 'nobody', data })
    const stopped = TestStream.returning(url)
    await stopped.greeted()
    stopped.stopReading()
    stopped.hold()
    await using other = await TestStream.openGreeted(url)

    const before = await heldBytes(server)
    const ids: string[] = []
    while (ids.length < eventCount) {
      ids.push((await publish(server.url, { topic: 't', data })).id)
      await until('the other client to keep up', 3000, () => ids.length - other.events.length < behindMax)
    }
    await other.next(({ id }) => id === ids.at(-1), { withinMs: 3000 })
    const held = (await heldBytes(server)) - before
    const { body } = await call('GET', `${server.url}/metrics`)
    return {
      megabytes: (eventCount * eventBytes) / 1e6,
      heldMegabytes: held / 1e6,
      closed: Number(/^sse_connections_closed_total{reason="slow-reader".*} (\d+)$/m.exec(body)?.[1] ?? 0),
      line: /^.*"reason":"slow-reader".*$/m.exec(server.output)?.[0],
      lost: missing(ids, idsOf(other)).length,
    }
  },
  judge: {
    broken: ({ megabytes, heldMegabytes, closed, line, lost }) => ({
      predicted: `holds more than 70 % of the ${megabytes} MB that were published`,
      measured: `holds ${heldMegabytes.toFixed(1)} MB`,
      holds: heldMegabytes > 0.7 * megabytes && closed === 0 && line === undefined && lost === 0,
      evidence: 'nothing was closed, and nothing said',
    }),
    fixed: ({ heldMegabytes, closed, line, lost }) => ({
      predicted: 'closes it at 1 MiB unsent, holds nothing for it then, and the other client loses nothing',
      measured: `holds ${heldMegabytes.toFixed(1)} MB, ${closed} closed, the other lost ${lost}`,
      holds: closed === 1 && line !== undefined && lost === 0 && heldMegabytes < 5,
      evidence: line ?? 'no line about a slow client',
    }),
  },
})
