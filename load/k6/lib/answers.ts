/** The body of an answer as text; empty if there is none. */
export function textOf(body: unknown): string {
  return typeof body === 'string' ? body : ''
}

/** Who took a publish. A server that does not say so has nobody else: then it was the server. */
export function workerOf(body: string): string {
  const worker = body.startsWith('{') ? fieldOf(body, 'worker') : undefined
  return typeof worker === 'string' ? worker : 'the server'
}

function fieldOf(body: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null
      ? Object.entries(value).find(([it]) => it === name)?.[1]
      : undefined
  } catch {
    return undefined
  }
}
