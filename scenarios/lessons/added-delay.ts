import { setTimeout as pause } from 'node:timers/promises'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

// A client’s kernel acknowledges a small packet after 40 ms at the earliest, and after 200 ms at the latest.
const delayMs = 100

export const addedDelay = scenario({
  name: 'added-delay',
  title: 'HAProxy delivers every event 200 ms late',
  symptom:
    'Each event is about 200 ms late behind HAProxy, also on a fast network; none is lost, and directly they come at once.',
  switch: 'haproxy.cfg without and with option http-no-delay',
  because:
    'HAProxy tells the kernel that more is to come, so that it fills packets. An event is a small one, and it is sent when the client has acknowledged what came before; the client’s kernel waits 200 ms with that, in the hope of something to send along.',
  fix: 'option http-no-delay in the defaults or in the frontend.',
  code: [{ file: 'scenarios/fixed/haproxy.cfg', text: 'option http-no-delay' }],
  sides: {
    broken: (text: string) => text.replace('option http-no-delay', ''),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    const count = rig.count(8, 20)
    // No heartbeat: nothing but what is published moves on these streams.
    const server = await rig.server({ HEARTBEAT_MS: '0' })
    const proxy = await rig.proxy(
      ['haproxy', '-db', '-f'],
      'scenarios/fixed/haproxy.cfg',
      server.address,
      change,
    )
    const direct = await TestStream.openGreeted(`${server.url}/events`)
    const proxied = await TestStream.openGreeted(`${proxy.url}/events`)
    const lateMs: number[] = []
    for (let sequence = 1; sequence <= count; sequence += 1) {
      await pause(rig.ms(100, 1000))
      const { id } = await publish(server.url, { topic: 'lobby', data: `event ${sequence}` })
      await direct.next(event => event.id === id, { withinMs: 3000 })
      const begun = performance.now()
      await proxied.next(event => event.id === id, { withinMs: 3000 })
      lateMs.push(performance.now() - begun)
    }
    const sorted = lateMs.toSorted((a, b) => a - b)
    return { count, medianMs: sorted[Math.floor(count / 2)] ?? 0, leastMs: sorted[0] ?? 0 }
  },
  judge: {
    broken: ({ count, medianMs, leastMs }) => ({
      predicted: `${count} events, each about 200 ms later than directly`,
      measured: `${count} events, half of them ${Math.round(medianMs)} ms later or more`,
      holds: medianMs >= delayMs && medianMs < 1000,
      evidence: `the fastest ${Math.round(leastMs)} ms later`,
    }),
    fixed: ({ count, medianMs }) => ({
      predicted: `${count} events, none much later than directly`,
      measured: `${count} events, half of them at most ${Math.round(medianMs)} ms later`,
      holds: medianMs < delayMs,
    }),
  },
})
