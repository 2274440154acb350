import { TokenIssuer } from '@sse-lab/server/test/support/issuer.ts'
import {
  answers,
  certificateFiles,
  ports,
  startAll,
  startHub,
  type Running,
  type Secure,
  type Shape,
  type Way,
} from './start.ts'

/** Who is measured. `speech`: options of the generator, where it speaks otherwise than the lab. */
export type Contender = {
  name: string
  start: () => Promise<Running & { speech?: Record<string, string> }>
}

/** One thread that does nothing but send: limit/limit.c. */
export const limit: Contender = {
  name: 'limit',
  start: async () => {
    const url = `http://127.0.0.1:${ports.limit}`
    const words = ['limit', String(ports.limit)]
    return await startAll([{ name: 'limit', image: 'sse-lab/test', words, ready: () => answers(url) }], url)
  },
}

const image = 'sse-lab/server'

/** `native`, `batchMs`: NATIVE and BATCH_MS. */
type LabShape = Shape & { workers?: number; native?: boolean; batchMs?: number }

/** The lab's image as it is, on the bus that loses nothing; alone, or behind the lab's nginx. */
export function lab({ workers = 2, native = false, batchMs, ...shape }: LabShape = {}): Contender {
  const differences = [
    workers === 2 ? [] : `WORKERS=${workers}`,
    shape.way === 'tcp' ? 'over TCP' : [],
    shape.secure === undefined ? [] : `TLS and ${shape.secure}`,
    native ? 'NATIVE=1' : [],
    batchMs === undefined ? [] : `BATCH_MS=${batchMs}`,
  ].flat()
  const env = {
    ...labEnv(workers),
    NATIVE: native ? '1' : '0',
    ...(batchMs !== undefined && { BATCH_MS: String(batchMs) }),
  }
  return {
    name: ['lab', ...differences].join(', '),
    start: async () => ({ ...(await startHub({ image, env, workers }, shape)), ...speechOf(shape.secure) }),
  }
}

function speechOf(secure: Secure | undefined): { speech?: Record<string, string> } {
  return secure === 'HTTP/2' ? { speech: { http2: 'true' } } : {}
}

/** The lab's package in a server that ends TLS itself, without nginx: secure-hub.js. */
export function secureServer(secure: Secure): Contender {
  return {
    name: `lab, TLS and ${secure} at the server`,
    start: async () => {
      const workers = 2
      const hub = '/lab/load/bench/secure-hub.js'
      const running = await startHub(
        {
          image: 'sse-lab/test',
          entrypoint: '/lab/node_modules/.bin/pm2-runtime',
          words: ['start', hub, '--raw', '--instances', String(workers)],
          env: { ADMIN_PORT: String(ports.admin), NODE_OPTIONS: '--max-semi-space-size=4' },
          files: { ...(await certificateFiles()), [hub]: new URL('secure-hub.js', import.meta.url) },
          workers,
          operatorsPort: ports.admin,
        },
        {},
      )
      return { ...running, url: `https://127.0.0.1:${ports.server}`, ...speechOf(secure) }
    },
  }
}

function labEnv(workers: number): Record<string, string> {
  return { BUS: 'streams', WORKERS: String(workers), CONNECTIONS_MAX: '20000', LOG_LEVEL: 'warn' }
}

/** The same with access control: a token is checked for each stream and each publish. */
export function labWithAccess(shape: Shape = {}): Contender {
  return {
    name: 'lab, AUTH=jwt',
    start: async () => {
      await using issuer = await TokenIssuer.make(['bench'])
      const jwks = '/lab/server/jwks.json'
      const env = {
        ...labEnv(2),
        ...issuer.environment(jwks),
        ADMIN_PORT: String(ports.admin),
        // No quota is reached: what is measured is the check, and not its refusals.
        SUBJECT_STREAMS_MAX: '20000',
        SUBJECT_PUBLISHES_PER_SECOND_MAX: '100000',
      }
      const files = { [jwks]: issuer.jwks }
      const running = await startHub({ image, env, files, workers: 2, operatorsPort: ports.admin }, shape)
      return { ...running, speech: { header: `Authorization: Bearer ${await issuer.token('bench')}` } }
    },
  }
}

/** A hub as people write it, in the same image under the same pm2, alone or behind the same nginx: express-hub.js. */
export function express(shape: Shape & { way?: Exclude<Way, 'socket'> } = {}): Contender {
  return {
    name: 'Express',
    start: async () => {
      const workers = 2
      const files = { '/lab/server/express-hub.js': new URL('express-hub.js', import.meta.url) }
      const words = ['start', 'express-hub.js', '--raw', '--instances', String(workers)]
      return await startHub({ image, entrypoint: 'pm2-runtime', words, files, workers }, shape)
    },
  }
}
