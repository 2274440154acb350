import { z } from 'zod'

/**
 * Ends with 0 when every worker of this container is ready, else with 1 and why. One HTTP 200 would prove nothing: a
 * random worker gives it, and the others may be dead while pm2 calls them online. Nor do workers with the same host name:
 * another container may have it, too.
 */
const port = process.env.ADMIN_PORT || process.env.PORT || '3000'
const expected = Number(process.env.WORKERS || 4)
const answer = z.object({
  workers: z.array(z.object({ worker: z.string(), server: z.string(), ready: z.boolean() })),
  answeredBy: z.string(),
  partial: z.literal(true).optional(),
})

try {
  const response = await fetch(`http://127.0.0.1:${port}/api/workers`, { signal: AbortSignal.timeout(2000) })
  const { workers, answeredBy, partial } = answer.parse(await response.json())
  const server = workers.find(({ worker }) => worker === answeredBy)?.server
  const ready = workers.filter(worker => worker.server === server && worker.ready).length
  // Without Redis a worker lists itself only; then nothing is known of the others.
  if (partial) end(`Redis does not answer; ${ready} of ${expected} workers known to be ready`)
  if (ready < expected) end(`${ready} of ${expected} workers ready`)
} catch (error) {
  end(`no worker answers on port ${port}: ${String(error)}`)
}

function end(reason: string): never {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
