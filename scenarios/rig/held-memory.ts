import { once } from 'node:events'
import { z } from 'zod'
import type { ServerProcess } from './server-process.ts'

/** For the environment of a process whose memory is asked for. */
export const inspected = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

const usage = z.object({ heapUsed: z.number(), external: z.number() })
const reply = z.object({ result: z.object({ result: z.object({ value: z.string() }) }) })

/**
 * What a process holds, in bytes, when its garbage has been collected: asked of Node's inspector. RSS also counts what
 * merely has not been collected yet, which differs by 40 MB from one run to the next.
 */
export async function heldBytes({ output }: ServerProcess): Promise<number> {
  const socket = new WebSocket(/ws:\/\/\S+/.exec(output)?.[0] ?? '')
  await once(socket, 'open')
  const ask = async (id: number, method: string, params = {}) => {
    socket.send(JSON.stringify({ id, method, params }))
    const [{ data }] = await once(socket, 'message')
    return String(data)
  }
  await ask(1, 'HeapProfiler.collectGarbage')
  const answer = await ask(2, 'Runtime.evaluate', { expression: 'JSON.stringify(process.memoryUsage())' })
  socket.close()
  const { heapUsed, external } = usage.parse(JSON.parse(reply.parse(JSON.parse(answer)).result.result.value))
  return heapUsed + external
}
