import { setTimeout as pause } from 'node:timers/promises'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const eventCount = 10

// In front of the lab's nginx another one, as people write it: broken.conf, which here gives nothing but a proxy_pass. HTTP/1.0
// is what nginx before 1.29.7 speaks to its servers by default.
const outer = (text: string) =>
  text.replace('proxy_ignore_headers X-Accel-Buffering;', 'proxy_http_version 1.0;')

export const twoProxies = scenario({
  name: 'two-proxies',
  title: 'Behind a second proxy nothing arrives, not even the headers',
  symptom:
    'Streaming works on the server and behind its nginx; behind the load balancer or ingress in front, EventSource stays CONNECTING, and then everything comes at once.',
  switch: 'streaming.conf without and with its line proxy_pass_header X-Accel-Buffering;',
  because:
    'The server asks every nginx on the way not to buffer. The first one obeys, and takes the header out: it hands on no X-Accel header. The second has proxy_buffering on, gets no chunks over HTTP/1.0, and waits for 4 KiB or the end.',
  fix: 'proxy_pass_header X-Accel-Buffering in each nginx that has another in front of it.',
  code: [
    { file: 'nginx/streaming.conf', text: 'proxy_pass_header X-Accel-Buffering;' },
    { file: 'server/src/http/stream-headers.ts', text: "'X-Accel-Buffering': 'no'" },
  ],
  sides: {
    broken: (text: string) => text.replace('proxy_pass_header X-Accel-Buffering;', ''),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    // No heartbeat: nothing but what is published moves on these streams.
    const server = await rig.server({ HEARTBEAT_MS: '0' })
    const inner = await rig.nginx(server.address, change)
    const front = await rig.nginx(`${inner.host}:80`, outer)
    const one = await TestStream.openGreeted(`${inner.url}/events`)
    const begun = performance.now()
    let firstMs: number | undefined
    let both: TestStream | undefined
    const open = async () => {
      both = await TestStream.open(`${front.broken}/events`)
      firstMs = performance.now() - begun
    }
    // A stream that never begins is cut with its proxy, at the end.
    open().catch(() => undefined)
    await until('the headers', rig.ms(1500, 5000), () => both !== undefined).catch(() => false)
    for (let sequence = 1; sequence <= eventCount; sequence += 1) {
      await pause(rig.ms(100, 7000))
      const { id } = await publish(server.url, { topic: 'lobby', data: `event ${sequence}` })
      await one.next(event => event.id === id, { withinMs: 3000 })
    }
    await until('every event', rig.ms(1000, 3000), () => both?.events.length === eventCount).catch(
      () => false,
    )
    return {
      seconds: Math.round((performance.now() - begun) / 1000),
      firstMs,
      behindOne: one.events.length,
      behindBoth: both?.events.length,
    }
  },
  judge: {
    broken: ({ seconds, firstMs, behindOne, behindBoth }) => ({
      predicted: `no headers, 0 of ${eventCount} events while they are published`,
      measured: `${firstMs === undefined ? 'no headers' : 'headers'}, ${behindBoth ?? 0} of ${eventCount} events in ${seconds} s`,
      holds: firstMs === undefined && behindBoth === undefined && behindOne === eventCount,
      evidence: `a client behind the first proxy alone had ${behindOne}`,
    }),
    fixed: ({ firstMs, behindOne, behindBoth }) => ({
      predicted: `headers at once, ${eventCount} of ${eventCount} events`,
      measured: `${firstMs === undefined ? 'no headers' : `headers after ${Math.round(firstMs)} ms`}, ${behindBoth ?? 0} of ${eventCount} events`,
      holds: firstMs !== undefined && behindOne === eventCount && behindBoth === eventCount,
    }),
  },
})
