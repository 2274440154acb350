import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

export const headersHeldDespiteFlush = scenario({
  name: 'headers-held-despite-flush',
  title: 'The server flushes its headers, and a proxy holds them all the same',
  symptom:
    'onopen fires only with the first event, although the server calls flushHeaders(): behind a proxy of Node, Next.js or Vite, or one that compresses.',
  switch:
    'naive/headers-held-despite-flush.ts against the lab’s server without heartbeats, both behind http-proxy-middleware',
  because:
    'The proxy sets the headers on its own answer, and pipes the body. Node sends headers with the first bytes of a body, and here none come. A proxy that compresses waits for them, too: it decides by the body whether to.',
  fix: 'A first block at once: whoever passes on a body passes on the headers before it.',
  code: [{ file: 'server/src/http/connection.ts', text: 'response.write(first)' }],
  sides: {
    broken: 'scenarios/naive/headers-held-despite-flush.ts',
    fixed: 'server/src/main.ts',
  },
  async measure(rig, file) {
    const quietMs = rig.ms(1500, 20_000)
    const server = await rig.process(file, { HEARTBEAT_MS: '0' })
    const proxy = await rig.process('scenarios/naive/proxy-middleware.ts', { UPSTREAM: server.url })
    const direct = headersOf(`${server.url}/events`)
    await until('the headers of the server itself', 2000, () => direct.ms !== undefined)
    const proxied = headersOf(`${proxy.url}/events`)
    await until('the headers', quietMs, () => proxied.ms !== undefined).catch(() => false)
    const quiet = proxied.ms
    await publish(server.url, { topic: 'lobby', data: 'the first' })
    await until('the headers after an event', 3000, () => proxied.ms !== undefined)
    return { quietMs, directMs: direct.ms ?? 0, quiet }
  },
  judge: {
    broken: ({ quietMs, directMs, quiet }) => ({
      predicted: `no headers for ${quietMs / 1000} s, until an event comes`,
      measured:
        quiet === undefined
          ? `no headers for ${quietMs / 1000} s, then with the event`
          : `after ${Math.round(quiet)} ms`,
      holds: quiet === undefined,
      evidence: `a client without the proxy had them after ${Math.round(directMs)} ms`,
    }),
    fixed: ({ quiet }) => ({
      predicted: 'headers at once',
      measured: quiet === undefined ? 'no headers' : `headers after ${Math.round(quiet)} ms`,
      holds: quiet !== undefined,
    }),
  },
})

/** Opens a stream; `ms` is how long its headers took, once they are there. */
function headersOf(url: string): { ms: number | undefined } {
  const begun = performance.now()
  const seen: { ms: number | undefined } = { ms: undefined }
  // One that never begins is cut with its server, at the end.
  TestStream.open(url).then(
    () => (seen.ms = performance.now() - begun),
    () => undefined,
  )
  return seen
}
