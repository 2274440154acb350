import { call } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

export const outlivesItsUpstream = scenario({
  name: 'outlives-its-upstream',
  title: 'The server is dead, and the proxy does not tell the client',
  symptom:
    'The server crashed or was killed, and the stream stays open: readyState is 1, no error, no reconnect, no event. A reload of the page helps.',
  switch: 'server.proxy of Vite with a target alone, against client/vite.config.ts',
  because:
    'The proxy pipes the server’s answer into its own. pipe() ends the one when the other ends in order; when the server’s connection breaks it does nothing, and the client’s stays open. EventSource comes back after an error, and nobody gives it one.',
  fix: 'On proxyRes: when the server’s answer closes before it is complete, destroy the client’s.',
  code: [{ file: 'client/vite.config.ts', text: 'answer.complete || response.destroy()' }],
  sides: {
    broken: 'scenarios/naive/outlives-its-upstream.ts',
    fixed: 'scenarios/fixed/outlives-its-upstream.ts',
  },
  async measure(rig, file) {
    const watchedMs = rig.ms(2000, 30_000)
    const server = await rig.server({ HEARTBEAT_MS: `${rig.ms(200, 15_000)}` })
    const proxy = await rig.process(file, { WORKER_PORT: `${server.port}` })
    const direct = await TestStream.openGreeted(`${server.url}/events`)
    const proxied = await TestStream.openGreeted(`${proxy.url}/events`)
    await server.kill('SIGKILL')
    await direct.ended(2000)
    const begun = performance.now()
    const ending = await proxied.ended(watchedMs).catch(() => undefined)
    return {
      watchedMs,
      toldMs: ending === undefined ? undefined : performance.now() - begun,
      how: ending?.how,
      // What the proxy knows meanwhile.
      status: (await call('GET', `${proxy.url}/healthz`)).status,
    }
  },
  judge: {
    broken: ({ watchedMs, toldMs, status }) => ({
      predicted: `still open after ${watchedMs / 1000} s`,
      measured: toldMs === undefined ? `still open after ${watchedMs / 1000} s` : told(toldMs),
      holds: toldMs === undefined && status >= 500,
      evidence: `whoever asks anew gets ${status}`,
    }),
    fixed: ({ toldMs, how, status }) => ({
      predicted: 'told at once',
      measured: toldMs === undefined ? 'still open' : told(toldMs),
      holds: toldMs !== undefined && how === 'cut' && status >= 500,
    }),
  },
})

function told(ms: number): string {
  return `told after ${Math.round(ms)} ms`
}
