import { until } from '@sse-lab/testkit/wait.ts'
import { openSource, stateName } from '../rig/page-source.ts'
import { scenario } from '../scenario.ts'

export const headersHeld = scenario({
  name: 'headers-held',
  title: 'A stream that says nothing at first is answered 504, and ends for good',
  symptom:
    'onopen fires only with the first event; after 60 seconds 504 Gateway Time-out, and EventSource does not retry.',
  switch: 'naive/headers-held.ts against the lab’s server without heartbeats, both behind broken.conf',
  because:
    'writeHead() only sets the headers; Node sends them with the first bytes of the body. A proxy that has no headers after proxy_read_timeout answers 504, and any answer other than 200 ends an EventSource. One that has them can only cut, and after a cut the browser comes back.',
  fix: 'A first block at once, in one write with the headers.',
  code: [{ file: 'server/src/http/connection.ts', text: 'response.write(first)' }],
  sides: {
    broken: 'scenarios/naive/headers-held.ts',
    fixed: 'server/src/main.ts',
  },
  async measure(rig, file) {
    const timeoutMs = rig.ms(1500, 60_000)
    const server = await rig.process(file, { HEARTBEAT_MS: '0', RETRY_MS_MIN: '100', RETRY_MS_MAX: '100' })
    const nginx = await rig.nginx(server.address, text =>
      text.replace('include broken.conf;', `proxy_read_timeout ${timeoutMs}ms;\n    $&`),
    )
    const page = await rig.page(`${nginx.broken}/healthz`)
    const answers: number[] = []
    page.on('response', response => void answers.push(response.status()))
    const state = await openSource(page, '/events', 'open')
    // Well within the timeout: whoever is going to answer at once has done so.
    await until('the stream to open', timeoutMs / 2, async () => (await state()).opens > 0).catch(() => false)
    const early = await state()
    await until('the proxy to give up', 1.5 * timeoutMs, async () => (await state()).errors.length > 0)
    // Seven times what a browser is told to wait.
    const late = await until('the stream to open again', 700, async () => {
      const now = await state()
      return now.readyState === 1 ? now : undefined
    }).catch(state)
    const line = await rig.logLine(nginx.id, /upstream timed out/)
    return {
      early,
      late,
      answers: answers.join(', '),
      timedOut: /timed out \([^)]*\) while reading [a-z ]+/.exec(line)?.[0].trim() ?? line,
    }
  },
  judge: {
    broken: ({ early, late, answers, timedOut }) => ({
      predicted: 'not open; 504 and CLOSED at the proxy’s timeout, then CLOSED',
      measured: `${early.opens === 0 ? 'not open' : 'open'}; ${stateName(late.errors[0])} at the timeout, then ${stateName(late.readyState)}`,
      holds:
        early.opens === 0 &&
        late.opens === 0 &&
        late.errors[0] === 2 &&
        late.readyState === 2 &&
        answers === '504' &&
        timedOut.endsWith('while reading response header from upstream'),
      evidence: `answered ${answers}; nginx: ${timedOut}`,
    }),
    fixed: ({ early, late, answers, timedOut }) => ({
      predicted: 'open at once; CONNECTING at the proxy’s timeout, then OPEN',
      measured: `${early.opens === 1 ? 'open' : 'not open'}; ${stateName(late.errors[0])} at the timeout, then ${stateName(late.readyState)}`,
      holds:
        early.opens === 1 &&
        late.opens === 2 &&
        late.errors[0] === 0 &&
        late.readyState === 1 &&
        answers === '200, 200' &&
        timedOut.endsWith('while reading upstream'),
      evidence: `answered ${answers}; nginx: ${timedOut}`,
    }),
  },
})
