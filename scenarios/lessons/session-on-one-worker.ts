import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { call } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Rig } from '../rig/rig.ts'
import type { ServerProcess } from '../rig/server-process.ts'
import { spread } from '../rig/spread.ts'
import { scenario } from '../scenario.ts'

const patience = { initialReconnectionDelay: 500, maxReconnectionDelay: 500, reconnectionDelayGrowFactor: 1 }

type Connected = { client: Client; session: string }

const note = z.object({ content: z.tuple([z.object({ text: z.string() })]) })

const connectCount = 8

export const sessionOnOneWorker = scenario({
  name: 'session-on-one-worker',
  title: 'A session is known to one worker alone',
  symptom:
    'MCP over Streamable HTTP works with one process. With several, `Streamable HTTP error: Error POSTing to endpoint: {"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}`, or 400 "Bad Request: No valid session ID provided"; after a deploy for every client.',
  switch:
    'naive/session-on-one-worker.ts (a Map of sessions) against fixed/session-on-one-worker.ts (Redis and a topic of the session), several workers each',
  because:
    'A session that lives in one process is unknown to the other W − 1. A proxy that gives each request to the next worker brings (W − 1)/W of the calls to one of those; a handshake is two requests, so it never ends.',
  fix: 'The state of a session in a store that all workers share, and what it is told on a topic of the session: any worker answers, and any worker holds its stream.',
  code: [
    {
      file: 'scenarios/fixed/session-on-one-worker.ts',
      text: "count: () => redis.hincrby(key(id), 'notes', 1)",
    },
    {
      file: 'scenarios/fixed/session-on-one-worker.ts',
      text: 'body: JSON.stringify({ topic: topic(id), data: message })',
    },
  ],
  sides: {
    broken: 'scenarios/naive/session-on-one-worker.ts',
    fixed: 'scenarios/fixed/session-on-one-worker.ts',
  },
  async measure(rig, file) {
    const workerCount = rig.count(2, 4)
    const { workers, all, start } = await startWorkers(rig, file, workerCount)
    const connected = await connects(rig, all)

    // A session that was opened while there was one worker: that one holds its stream, too.
    const [first] = workers
    const { session, heard } = await openSession(rig, first.url)
    const calls = rig.count(40, 400)
    const living = await callAll(rig, all, session, calls)
    const hears = (count: number) =>
      until(`the session to hear of ${count} notes`, 20_000, () => heard.length >= count)
    await hears(living.numbers.length)

    await first.kill('SIGKILL')
    const gone = await callAll(rig, all, session, calls / 4)
    await start(first.port)
    const numbers = [...living.numbers, ...gone.numbers]
    await hears(numbers.length)
    const elsewhere = (calls * (workerCount - 1)) / workerCount
    return { connected, calls, elsewhere, living: living.refusals, gone: gone.refusals, numbers, heard }
  },
  judge: {
    broken: ({ connected, calls, elsewhere, living, gone, numbers, heard }) => ({
      predicted: `0 of ${connectCount} clients connect; of the calls of an open session ${elsewhere} of ${calls} are refused, and ${calls / 4} of ${calls / 4} once its worker is gone`,
      measured: `${connected} connect; ${living.length} refused, and ${gone.length}`,
      holds:
        connected === 0 &&
        living.length === elsewhere &&
        gone.length === calls / 4 &&
        [...living, ...gone].every(text => text.includes('Session not found')) &&
        inOrder(numbers, heard),
      evidence: living[0] ?? 'no call was refused',
    }),
    fixed: ({ connected, calls, living, gone, numbers, heard }) => ({
      predicted: `${connectCount} of ${connectCount} clients connect, no call is refused, the session hears of all ${1.25 * calls}`,
      measured: `${connected} connect; ${living.length} refused, and ${gone.length}; ${heard.length} heard`,
      holds:
        connected === connectCount &&
        living.length + gone.length === 0 &&
        numbers.length === 1.25 * calls &&
        inOrder(numbers, heard),
      evidence:
        [...living, ...gone][0] ??
        'the notes are numbered without a gap, and heard without one, also those from before its stream came back',
    }),
  },
})

type Workers = {
  workers: [ServerProcess, ...ServerProcess[]]
  /** The proxy. */
  all: string
  /** Starts a worker that was killed, where it was. */
  start: (port: number) => Promise<ServerProcess>
}

/** Workers behind a proxy that gives each request to the next; resolves when it has found them all. */
async function startWorkers(rig: Rig, file: string, workerCount: number): Promise<Workers> {
  const { url: redisUrl } = await rig.redis()
  const env = { REDIS_URL: redisUrl, LAB_URL: (await rig.server({ REDIS_URL: redisUrl })).url }
  const start = async (port: number) => await rig.process(file, { ...env, PORT: String(port) })
  const [first, ...others] = await Promise.all([
    rig.process(file, env),
    ...Array.from({ length: workerCount - 1 }, () => rig.process(file, env)),
  ])
  const workers: Workers['workers'] = [first, ...others]
  const all = await spread(rig, workers)
  const answered = new Set<string>()
  await until('the proxy to find every worker', 10_000, async () => {
    answered.add((await call('GET', `${all}/healthz`)).body)
    return answered.size === workerCount
  })
  return { workers, all, start }
}

/** How many of some clients get through the handshake. */
async function connects(rig: Rig, base: string): Promise<number> {
  let connected = 0
  for (let client = 0; client < connectCount; client += 1)
    connected += await connect(rig, base).then(
      () => 1,
      () => 0,
    )
  return connected
}

/** A client that is connected; with `session` to one that is open already, without a handshake. */
async function connect(
  rig: Rig,
  base: string,
  more: { session?: string; fetch?: FetchLike } = {},
): Promise<Connected> {
  const client = new Client({ name: 'scenario', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(`${base}/mcp`), {
    ...(more.session !== undefined && { sessionId: more.session }),
    ...(more.fetch !== undefined && { fetch: more.fetch }),
    // It gives up after two tries of its own accord; a worker takes longer to start on a busy machine.
    reconnectionOptions: { ...patience, maxRetries: 20 },
  })
  rig.defer(() => client.close())
  await client.connect(transport)
  return { client, session: transport.sessionId ?? '' }
}

/** Opens a session whose stream is in place, and notes what it is told. */
async function openSession(rig: Rig, base: string): Promise<{ session: string; heard: unknown[] }> {
  let standing = false
  const noting: FetchLike = async (url, init) => {
    const response = await fetch(url, init)
    if (init?.method === 'GET' && response.ok) standing = true
    return response
  }
  const { client, session } = await connect(rig, base, { fetch: noting })
  const heard: unknown[] = []
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => void heard.push(params.data),
  )
  await until('the stream of the session', 5000, () => standing)
  return { session, heard }
}

/** Calls the tool again and again, and returns the numbers of the notes that were taken, and why others were not. */
async function callAll(
  rig: Rig,
  base: string,
  session: string,
  calls: number,
): Promise<{ numbers: number[]; refusals: string[] }> {
  const { client } = await connect(rig, base, { session })
  const numbers: number[] = []
  const refusals: string[] = []
  for (let made = 0; made < calls; made += 1)
    await client.callTool({ name: 'note' }).then(
      result => numbers.push(Number(note.parse(result).content[0].text)),
      (error: unknown) => refusals.push(String(error)),
    )
  return { numbers, refusals }
}

/** Whether the notes are numbered from 1 on, and the session heard of each, once and in order. */
function inOrder(numbers: readonly number[], heard: readonly unknown[]): boolean {
  return (
    numbers.every((number, index) => number === index + 1) &&
    heard.join() === numbers.map(number => `note ${number}`).join()
  )
}
