import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { call } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Rig } from '../rig/rig.ts'
import { spread } from '../rig/spread.ts'
import { scenario } from '../scenario.ts'

type Connected = { client: Client; session: string }

const note = z.object({ content: z.tuple([z.object({ text: z.string() })]) })

const workerCount = 4
const connectCount = 8

export const sessionOnOneWorker = scenario({
  name: 'session-on-one-worker',
  title: 'A session is known to one worker alone',
  symptom:
    'MCP over Streamable HTTP works with one process. With several, `Streamable HTTP error: Error POSTing to endpoint: {"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}`, or 400 "Bad Request: No valid session ID provided"; after a deploy for every client.',
  switch:
    'naive/session-on-one-worker.ts (a Map of sessions) against fixed/session-on-one-worker.ts (Redis and a topic of the session), four workers each',
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
    const { first, all } = await startWorkers(rig, file)
    const connected = await connects(rig, all)

    // A session that was opened while there was one worker: that one holds its stream, too.
    const holder = await openSession(rig, first)
    const calls = rig.count(40, 400)
    const { numbers, refusals } = await callAll(rig, all, holder.session, calls)
    await until('the session to hear of each note', 5000, () => holder.heard.length >= numbers.length)
    return { connected, calls, numbers, refusals, heard: holder.heard }
  },
  judge: {
    broken: ({ connected, calls, numbers, refusals, heard }) => ({
      predicted: `0 of ${connectCount} clients connect; ${(calls * (workerCount - 1)) / workerCount} of ${calls} calls of an open session are refused`,
      measured: `${connected} connect; ${refusals.length} refused`,
      holds:
        connected === 0 &&
        refusals.length === (calls * (workerCount - 1)) / workerCount &&
        refusals.every(text => text.includes('Session not found')) &&
        inOrder(numbers, heard),
      evidence: refusals[0] ?? 'no call was refused',
    }),
    fixed: ({ connected, calls, numbers, refusals, heard }) => ({
      predicted: `${connectCount} of ${connectCount} clients connect, none of ${calls} calls is refused, the session hears of each`,
      measured: `${connected} connect; ${refusals.length} refused, ${heard.length} heard`,
      holds:
        connected === connectCount &&
        refusals.length === 0 &&
        numbers.length === calls &&
        inOrder(numbers, heard),
      evidence: refusals[0] ?? 'the notes are numbered without a gap, whichever worker took them',
    }),
  },
})

/** Workers behind a proxy that gives each request to the next; resolves when it has found them all. */
async function startWorkers(rig: Rig, file: string): Promise<{ first: string; all: string }> {
  const { url: redisUrl } = await rig.redis()
  const env = { REDIS_URL: redisUrl, LAB_URL: (await rig.server({ REDIS_URL: redisUrl })).url }
  const workers = await Promise.all(Array.from({ length: workerCount }, () => rig.process(file, env)))
  const all = await spread(rig, workers)
  const answered = new Set<string>()
  await until('the proxy to find every worker', 10_000, async () => {
    answered.add((await call('GET', `${all}/healthz`)).body)
    return answered.size === workerCount
  })
  return { first: workers[0]?.url ?? '', all }
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
