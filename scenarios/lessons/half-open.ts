import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { call } from '@sse-lab/testkit/publish.ts'
import { docker, network, setSysctl, startClient } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const knob = 'net/ipv4/tcp_retries2'
const linuxDefault = 15

export const halfOpen = scenario({
  name: 'half-open',
  title: 'Clients that vanished are held for a quarter of an hour',
  symptom:
    'More streams than clients: the gauge falls long after people have left, and with CONNECTIONS_MAX reached new ones are turned away.',
  switch: 'net.ipv4.tcp_retries2 of the server’s container: 15, as Linux has it, against 7 of compose.yaml',
  because:
    'A closed lid or a NAT entry that expired sends no FIN and no RST. The heartbeat is sent into nothing, and TCP sends it again with doubling pauses, until 924 s have passed at least.',
  fix: 'A heartbeat, so that there is something to be unanswered, and tcp_retries2 of 7: 51 s at least.',
  code: [
    { file: 'compose.yaml', text: 'net.ipv4.tcp_retries2: 7' },
    { file: 'server/src/sse-process.ts', text: 'beat(heartbeatMs' },
  ],
  sides: { broken: { asLinux: true }, fixed: { asLinux: false } },
  async measure(rig, { asLinux }) {
    const few = rig.count(1, 7)
    const heartbeatMs = rig.ms(200, 15_000)
    const server = await rig.server({ HEARTBEAT_MS: `${heartbeatMs}` })
    const held = async () => {
      const { body } = await call('GET', `${server.url}/metrics`)
      return Number(/^sse_connections(?:{[^}]*})? (\d+)$/m.exec(body)?.[1])
    }
    // The tests' own container is the server's.
    rig.defer(() => setSysctl(hostname(), knob, `${linuxDefault}`))
    await setSysctl(hostname(), knob, `${asLinux ? linuxDefault : few}`)
    const client = rig.use(await startClient(`http://${server.address}/events`))
    await until('the stream', 5000, async () => (await held()) === 1)

    const begun = performance.now()
    await docker('network', 'disconnect', network, client.getId())
    let tries = 0
    await until('the server to give up', heartbeatMs + 2 * leastMs(few) + 1000, async () => {
      tries = Math.max(tries, await retransmissions(server.port))
      return (await held()) === 0
    }).catch(() => undefined)
    return { few, tries, held: await held(), ms: performance.now() - begun }
  },
  judge: {
    broken: ({ few, tries, held, ms }) => ({
      predicted: `still held when ${few} would have been enough, and sent to again and again`,
      measured: `${held} held after ${seconds(ms)}`,
      holds: held === 1 && tries > 1,
      evidence: `/proc/net/tcp: ESTABLISHED, and what is unanswered was sent ${tries} times more`,
    }),
    fixed: ({ few, tries, held, ms }) => ({
      predicted: `given up, not before ${seconds(leastMs(few))}`,
      measured: `${held} held after ${seconds(ms)}`,
      holds: held === 0 && tries > 0 && ms >= leastMs(few),
      evidence: `/proc/net/tcp: what was unanswered was sent ${tries} times more`,
    }),
  },
})

// Linux does not count: it gives up at the first try after the time that so many would take, from 0.2 s on and doubling.
function leastMs(retries: number): number {
  return 200 * (2 ** (retries + 1) - 1)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** How often what is unanswered on a connection of this port was sent again, by the kernel's own list. */
async function retransmissions(port: number): Promise<number> {
  const files = await Promise.all(
    ['tcp', 'tcp6'].map(async name => await readFile(`/proc/net/${name}`, 'utf8')),
  )
  const lines = files.flatMap(text => text.trim().split('\n').slice(1))
  const tries = lines.map(line => {
    const [, local = '', , state, , , sentAgain = '0'] = line.trim().split(/\s+/)
    const isOurs = state === '01' && parseInt(local.split(':')[1] ?? '', 16) === port
    return isOurs ? parseInt(sentAgain, 16) : 0
  })
  return Math.max(0, ...tries)
}
