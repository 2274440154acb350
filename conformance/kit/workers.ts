import { z } from 'zod'
import { equal } from './expect.ts'
import type { Target } from './target.ts'

const list = z.object({ workers: z.array(z.object({ connections: z.number().int() })) })

/** How many streams the workers of this server say they hold, all together. Throws where there is no such list. */
export async function connectionsOf(target: Target): Promise<number> {
  const answer = await target.call({ path: '/api/workers' })
  equal('the status of /api/workers', answer.status, 200)
  const { workers } = list.parse(JSON.parse(answer.text))
  return workers.reduce((sum, { connections }) => sum + connections, 0)
}
