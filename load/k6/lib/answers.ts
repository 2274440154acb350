/** The body of an answer as text; empty if there is none. */
export function textOf(body: unknown): string {
  return typeof body === 'string' ? body : ''
}

/** Who took a publish. A server that does not say so has nobody else: then it was the server. */
export function workerOf(answer: unknown): string {
  const worker =
    typeof answer === 'object' && answer !== null && 'worker' in answer ? answer.worker : undefined
  return typeof worker === 'string' ? worker : 'the server'
}
