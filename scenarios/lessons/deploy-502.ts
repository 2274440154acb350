import { until } from '@sse-lab/testkit/wait.ts'
import { openSource, stateName } from '../rig/page-source.ts'
import { scenario } from '../scenario.ts'

// A browser that is told to come back does so within the scenario's time.
const soon = { RETRY_MS_MIN: '300', RETRY_MS_MAX: '300' }

export const deploy502 = scenario({
  name: 'deploy-502',
  title: 'A 502 during a deploy ends EventSource for good',
  symptom:
    'After a deploy some tabs receive nothing until they are reloaded; readyState is 2 and the browser does not retry.',
  switch: 'broken.conf against streaming.conf: what nginx answers while no server is there',
  because:
    'By the standard an EventSource comes back after a cut, but any answer other than 200 text/event-stream fails the connection: CLOSED, no retry. A proxy without a server answers 502.',
  fix: 'For GET /events alone, nginx answers 502, 503 and 504 with 200, a retry: line and the end.',
  code: [
    { file: 'nginx/streaming.conf', text: 'error_page 502 503 504 = $when_away;' },
    { file: 'nginx/streaming.conf', text: 'return 200 "retry: $later_ms\\n";' },
  ],
  sides: { broken: 8081, fixed: 80 },
  async measure(rig, port) {
    const server = await rig.server(soon)
    const nginx = await rig.nginx(server.address, text =>
      text.replaceAll(/^( +(?:12\.5%|\*)) +\d+;$/gm, '$1 300;'),
    )
    const page = await rig.page(`http://${nginx.host}:${port}/healthz`)
    const state = await openSource(page, '/events?topic=deploy', 'hello')
    await until('the stream to open', 5000, async () => (await state()).opens === 1)
    await server.kill('SIGKILL')
    // The first error is the cut, the second the answer of a proxy that has no server.
    const away = await until('the answer while no server is there', 8000, async () => {
      const now = await state()
      return now.errors.length >= 2 ? now : undefined
    })
    await rig.server({ ...soon, PORT: String(server.port) })
    // Five times what a browser waits between two tries.
    const back = await until('the stream to open again', 1500, async () => {
      const now = await state()
      return now.opens === 2 ? now : undefined
    }).catch(state)
    return { away: away.readyState, back: back.readyState, opened: back.opens }
  },
  judge: {
    broken: ({ away, back, opened }) => ({
      predicted: 'CLOSED at the first answer, and still when the server is back',
      measured: `${stateName(away)}, then ${stateName(back)}; opened ${opened} time`,
      holds: away === 2 && back === 2 && opened === 1,
      evidence: `EventSource.readyState ${back} in Chromium`,
    }),
    fixed: ({ away, back, opened }) => ({
      predicted: 'CONNECTING, and OPEN when the server is back',
      measured: `${stateName(away)}, then ${stateName(back)}; opened ${opened} times`,
      holds: away === 0 && back === 1 && opened === 2,
      evidence: `EventSource.readyState ${back} in Chromium`,
    }),
  },
})
