import type { Answer } from './answer.ts'
import { Closed, type RequestParts } from './exchange.ts'
import type { Target } from './target.ts'

/** The answer to a call, or undefined where the server ended the connection in place of one: a refusal, too. */
export async function answerOrEnd(target: Target, request: RequestParts): Promise<Answer | undefined> {
  return await target.call(request).catch((error: unknown) => {
    if (error instanceof Closed) return undefined
    throw error
  })
}
