import { fields } from './fields.ts'

export interface Publication {
  readonly topic: string
  readonly data: unknown
}

export type PublishAnswer =
  | { readonly acknowledged: true; readonly id: string; readonly worker: string }
  | { readonly acknowledged: false; readonly problem: string }

// Longer than the server's own 2 s. Without it a POST that waits for a free connection would wait for ever, unseen.
const answerMsMax = 5000

/** Never rejects: what went wrong is a sentence for the reader. `origin` is that of the side, its own without one. */
export async function publish(event: Publication, origin = ''): Promise<PublishAnswer> {
  try {
    const response = await fetch(`${origin}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(answerMsMax),
    })
    const body: unknown = await response.json().catch(() => undefined)
    return readAnswer(response.status, fields(body))
  } catch (error) {
    return { acknowledged: false, problem: `Not acknowledged: ${reason(error)}` }
  }
}

function readAnswer(status: number, body: Record<string, unknown>): PublishAnswer {
  const { id, worker, title, detail } = body
  if (status === 202 && typeof id === 'string' && typeof worker === 'string') {
    return { acknowledged: true, id, worker }
  }
  const texts = [title, detail].filter(text => typeof text === 'string' && text !== '')
  return { acknowledged: false, problem: `Not acknowledged (${[status, ...texts].join(': ')}).` }
}

function reason(error: unknown): string {
  if (!(error instanceof DOMException) || error.name !== 'TimeoutError')
    return 'the server could not be reached.'
  // Why, nobody saw: the worker may have died with it, or the browser had no connection free.
  return `no answer within ${answerMsMax / 1000} s.`
}
