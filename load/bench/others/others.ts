import { createHmac } from 'node:crypto'
import type { Contender } from '../contender.ts'
import { answers, ports, startHub, startServer, type Part, type Shape } from '../start.ts'

// Hubs of other people, all on two cores, without a log of what they do and without TLS. How each is set up stands in its own file.
const image = 'sse-lab/others'

/** Two processes under pm2, Redis Pub/Sub between them: better-sse-hub.js. What is missed is missed. */
const betterSse = (shape: Shape): Contender => ({
  name: 'better-sse',
  start: async () => {
    const workers = 2
    const words = ['start', 'better-sse-hub.js', '--raw', '--instances', String(workers)]
    return await startHub({ image, entrypoint: 'pm2-runtime', words, workers }, shape)
  },
})

/** Two processes of nginx, which share memory: nchan.conf. It is its own nginx, and nothing stands in front of it. */
const nchan: Contender = {
  name: 'nchan',
  start: async () => {
    const running = await startServer([alone('nginx', '-c', '/others/nchan.conf')], {})
    return { ...running, speech: { body: '{{data}}', id: String.raw`last message id: (\S+)` } }
  },
}

/** One process, nothing kept: centrifuge/main.go. */
const centrifuge = (shape: Shape): Contender => ({
  name: 'centrifuge',
  start: async () => await startServer([alone('centrifuge', String(ports.server))], shape),
})

/** One process, the last 10,000 events in a file: mercure/main.go. */
const mercure = (shape: Shape): Contender => ({
  name: 'Mercure',
  start: async () => {
    const running = await startServer([alone('mercure', String(ports.server), key)], shape)
    const speech = {
      body: 'topic=bench&data={{data}}',
      media: 'application/x-www-form-urlencoded',
      id: '(.+)',
      header: `Authorization: Bearer ${publishersToken()}`,
    }
    return { ...running, speech }
  },
})

/** Those that can be measured so. */
export function others(shape: Shape = {}): Contender[] {
  return [nchan, betterSse(shape), centrifuge(shape), mercure(shape)]
}

/** Those of which a client gets what it missed. */
export const othersThatReplay: Contender[] = [nchan, mercure({})]

function alone(...words: string[]): Part {
  // Two of the Go scheduler's threads run at a time, on a machine with more cores, too.
  const env = { GOMAXPROCS: '2' }
  return { name: 'server', image, words, env, ready: () => answers(`http://127.0.0.1:${ports.server}`) }
}

const key = 'a key of 32 characters and more!!'

/** A token that may publish anything: HS256 over {"mercure":{"publish":["*"]}}. */
function publishersToken(): string {
  const [head, body] = [{ alg: 'HS256', typ: 'JWT' }, { mercure: { publish: ['*'] } }].map(part =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const signature = createHmac('sha256', key).update(`${head}.${body}`).digest('base64url')
  return `${head}.${body}.${signature}`
}
