import { fields } from './fields.ts'

/** A line of `GET /api/workers` (docs/api.md), as the page reads it: it knows the server by its HTTP API alone. */
export interface Worker {
  readonly worker: string
  readonly instance: number
  readonly pid: number
  readonly host: string
  readonly bus: string
  readonly ready: boolean
  readonly connections: number
  readonly delivered: number
  readonly published: number
  readonly busLagMs: number | null
  readonly eventLoopDelayMs: number
  readonly rssBytes: number
}

interface WorkerList {
  readonly workers: readonly Worker[]
  /** Redis is away: the worker that answered could list only itself. */
  readonly partial: boolean
}

export interface WorkerListeners {
  list(list: WorkerList): void
  failed(problem: string): void
}

const texts = ['worker', 'host', 'bus']
const numbers = ['instance', 'pid', 'connections', 'delivered', 'published', 'eventLoopDelayMs', 'rssBytes']
const everyMs = 2000
const answerMsMax = 5000

/**
 * Asks again and again while the tab can be seen. One question at a time, so that a slow server gets no pile of them.
 * `callTo` says where, as an origin; its own is ''. What it returns asks at once.
 */
export function watchWorkers(callTo: () => string, listeners: WorkerListeners): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking = false

  async function ask(): Promise<void> {
    clearTimeout(timer)
    if (asking || document.hidden) return
    asking = true
    try {
      listeners.list(await fetchWorkers(callTo()))
    } catch (error) {
      listeners.failed(error instanceof Error ? error.message : String(error))
    }
    asking = false
    timer = setTimeout(() => void ask(), everyMs)
  }

  document.addEventListener('visibilitychange', () => void ask())
  void ask()
  return () => void ask()
}

async function fetchWorkers(origin: string): Promise<WorkerList> {
  const response = await fetch(`${origin}/api/workers`, { signal: AbortSignal.timeout(answerMsMax) })
  if (response.status === 404) throw new Error('the list of workers is for operators here')
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  const { workers, partial } = fields(await response.json())
  if (!Array.isArray(workers)) throw new Error('the answer is no list of workers')
  return { workers: workers.filter(isWorker), partial: partial === true }
}

/** A worker of another version of the lab may lack a field; better no row than a row of holes. */
function isWorker(value: unknown): value is Worker {
  const worker = fields(value)
  const { busLagMs, ready } = worker
  return (
    texts.every(key => typeof worker[key] === 'string') &&
    numbers.every(key => typeof worker[key] === 'number') &&
    (busLagMs === null || typeof busLagMs === 'number') &&
    typeof ready === 'boolean'
  )
}
