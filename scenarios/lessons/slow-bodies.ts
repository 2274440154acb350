import { setTimeout as pause } from 'node:timers/promises'
import { callElsewhere } from '@sse-lab/testkit/call-elsewhere.ts'
import { SlowCallers } from '../rig/slow-calls.ts'
import { scenario } from '../scenario.ts'

// nginx's default, and what one worker needs of it for itself (see worker-connections), and some that a close leaves for a moment.
const connectionsMax = 512
const ownConnections = 12
const calls = { heads: 300, stalled: 50, trickling: 250 }
const callCount = calls.heads + calls.stalled + calls.trickling
const ofAddress = 200
const otherCount = 10

export const slowBodies = scenario({
  name: 'slow-bodies',
  title: 'Calls that never get finished take every connection',
  symptom:
    '“worker_connections are not enough”, and new calls are reset, while the server has nothing to do and nginx next to no traffic: hundreds of requests of one address are under way and never finished.',
  switch: `nginx.conf against production/nginx.conf, both with nginx’s default of ${connectionsMax} worker_connections`,
  because:
    'A request holds a connection of nginx from its first byte on. nginx waits a minute for a head, and a minute between two bytes of a body: whoever sends a byte of a body now and then holds a connection for good, at no cost.',
  fix: 'client_header_timeout bounds a whole head, client_body_timeout the time between two pieces of a body. No directive bounds a whole body: so many bodies of one address at a time do (limit_conn).',
  code: [
    { file: 'nginx/production/nginx.conf', text: 'client_header_timeout 10s;' },
    { file: 'nginx/production/nginx.conf', text: 'client_body_timeout 10s;' },
    { file: 'nginx/production/server.conf', text: 'limit_conn calls 200;' },
  ],
  sides: { broken: 'lab', fixed: 'production' },
  async measure(rig, shape) {
    const limitMs = rig.ms(1000, 10_000)
    const server = await rig.server()
    const change = (text: string) =>
      text
        .replace('worker_processes auto;', 'worker_processes 1;')
        .replace('worker_connections 20000;', `worker_connections ${connectionsMax};`)
        .replaceAll(/(client_(?:header|body)_timeout) 10s;/g, `$1 ${limitMs}ms;`)
    const { id, host, url } = await (shape === 'lab'
      ? rig.nginx(server.address, change)
      : rig.guardedNginx(server.address, change))
    using callers = await SlowCallers.begin(host, calls, limitMs / 4)
    // Twice the limits: each call that is going to be cut is cut by then.
    await pause(2 * limitMs)
    const { held, heldCount } = callers
    const body = JSON.stringify({ topic: 't', data: 'small' })
    const others = await callElsewhere(`${url}/events`, {
      count: otherCount,
      seconds: 10,
      body,
    })
    const log = await rig.logs(id)
    return {
      held,
      heldCount,
      others: others.filter(status => status === '202').length,
      notEnough: log.match(/\d+ worker_connections are not enough/g) ?? [],
    }
  },
  judge: {
    broken: ({ heldCount, others, notEnough }) => ({
      predicted: `${connectionsMax - ownConnections} to ${connectionsMax} calls of ${callCount} hold a connection; 0 of ${otherCount} others are answered`,
      measured: `${heldCount} of ${callCount} hold a connection; ${others} of ${otherCount} others are answered`,
      holds:
        heldCount >= connectionsMax - ownConnections &&
        heldCount <= connectionsMax &&
        others === 0 &&
        notEnough.length > 0,
      evidence: `${notEnough.length} × ${notEnough[0]}`,
    }),
    fixed: ({ held, others, notEnough }) => ({
      predicted: `no head and no body that stalls holds a connection, at most ${ofAddress} bodies that trickle; ${otherCount} of ${otherCount} others are answered`,
      measured: `${held.heads} heads, ${held.stalled} bodies that stall, ${held.trickling} that trickle; ${others} of ${otherCount} others are answered`,
      holds: held.heads + held.stalled === 0 && held.trickling <= ofAddress && others === otherCount,
      evidence: `${notEnough.length} × worker_connections are not enough`,
    }),
  },
})
