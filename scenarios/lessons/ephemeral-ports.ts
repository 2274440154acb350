import { post } from '@sse-lab/testkit/publish.ts'
import { setSysctl } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

// Outside the kernel's own range, so that nothing of before lingers there.
const firstPort = 20_000
const portCount = 20
const streamCount = 25

export const ephemeralPorts = scenario({
  name: 'ephemeral-ports',
  title: 'The proxy runs out of ports towards its one server',
  symptom:
    'Past 28,000 streams every request is answered 502: connect() failed (99: Cannot assign requested address), while the server is idle.',
  switch: 'one upstream address against two, for an nginx container with a range of 20 ports',
  because:
    'Each stream is a connection from the proxy to the server, told from the others by its own port alone. The kernel has 28,232 of them (32768 to 60999) for each address and port that one connects to.',
  fix: 'More upstream addresses: a port can be used once towards each. One container more is one address more.',
  code: [{ file: 'nginx/streaming.conf', text: 'server server:3000 resolve max_fails=0;' }],
  sides: { broken: 1, fixed: 2 },
  async measure(rig, addressCount) {
    const servers = await Promise.all(Array.from({ length: addressCount }, () => rig.server()))
    const [first = '', ...others] = servers.map(({ address }) => address)
    const nginx = await rig.nginx(first, text =>
      text.replaceAll(/^ +server \S+ resolve max_fails=0;$/gm, line =>
        [line, ...others.map(address => line.replace(first, address))].join('\n'),
      ),
    )
    await setSysctl(nginx.id, 'net/ipv4/ip_local_port_range', `${firstPort} ${firstPort + portCount - 1}`)
    const statuses: number[] = []
    for (let index = 0; index < streamCount; index += 1)
      statuses.push((await TestStream.open(`${nginx.broken}/events`)).status)
    const { status: publishStatus } = await post(nginx.url, { topic: 't', data: 'full' })
    const noPort = (await rig.logs(nginx.id)).match(/connect\(\) to \S+ failed \(99: [^)]+\)/g) ?? []
    const open = statuses.filter(status => status === 200).length
    return { open, last: statuses.at(-1), publishStatus, noPort: noPort.length, line: noPort[0] }
  },
  judge: {
    broken: ({ open, last, publishStatus, noPort, line }) => ({
      predicted: `${portCount} of ${streamCount} streams open, then 502, and publishes refused`,
      measured: `${open} of ${streamCount} streams open, then ${last}; a publish ${publishStatus}`,
      holds: open === portCount && last === 502 && publishStatus === 503 && noPort >= streamCount - portCount,
      evidence: `${noPort} × ${line}`,
    }),
    fixed: ({ open, publishStatus, noPort }) => ({
      predicted: `${streamCount} of ${streamCount} streams open, publishes taken`,
      measured: `${open} of ${streamCount} streams open; a publish ${publishStatus}`,
      holds: open === streamCount && publishStatus === 202 && noPort === 0,
    }),
  },
})
