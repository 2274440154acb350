import { call } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const clientCount = 50

export const listenerLeak = scenario({
  name: 'listener-leak',
  title: 'A listener for each stream, and none is ever removed',
  symptom:
    '`MaxListenersExceededWarning: Possible EventEmitter memory leak detected. 11 event listeners added`; memory grows with every client that ever came, publishes get slower by the day.',
  switch: 'naive/listener-leak.ts (emitter.on for each stream) against hub.join, which returns its undo',
  because:
    'A listener holds its response, and the emitter holds the listener, until somebody removes it. Each client that came and went stays in memory, and each publish still calls it.',
  fix: 'A set of connections for each set of topics; joining returns the undo, which runs once when the response is closed, whatever closed it.',
  code: [
    { file: 'server/src/hub/subscriptions.ts', text: 'enter(topics: readonly string[]' },
    { file: 'server/src/http/connection.ts', text: "once('close'" },
  ],
  sides: { broken: 'scenarios/naive/listener-leak.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const server = await rig.process(file)
    const held = async () => {
      const { body } = await call('GET', `${server.url}/metrics`)
      return Number(/^sse_connections\S* (\d+)$/m.exec(body)?.[1])
    }
    // One at a time: Node would warn of eleven clients at once as well, without any leak.
    for (let client = 0; client < clientCount; client += 1) {
      const stream = await TestStream.openGreeted(`${server.url}/events?topic=t`)
      stream.close()
    }
    // A server that lets go does so within a turn or two.
    await until('none to be held', rig.ms(1500, 10_000), async () => (await held()) === 0).catch(
      () => undefined,
    )
    return { held: await held(), warning: /MaxListenersExceededWarning: [^\n.]*/.exec(server.output)?.[0] }
  },
  judge: {
    broken: ({ held, warning }) => ({
      predicted: `${clientCount} of ${clientCount} still held when all have gone`,
      measured: `${held} of ${clientCount} still held`,
      holds: held === clientCount && warning !== undefined,
      evidence: warning ?? 'no warning',
    }),
    fixed: ({ held, warning }) => ({
      predicted: 'none held',
      measured: `${held} of ${clientCount} still held`,
      holds: held === 0 && warning === undefined,
    }),
  },
})
