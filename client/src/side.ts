import type { Hello } from './stream.ts'

export interface Side {
  readonly kind: 'fixed' | 'broken' | 'single'
  readonly name: string
  readonly sentence: string
}

/** What this side does about the two problems. `workersBeside` counts the live workers of the stream's own server. */
export function sideOf({ bus, heartbeatMs }: Hello, workersBeside: number): Side {
  const problems: string[] = []
  if (bus === 'memory' && workersBeside > 1) {
    problems.push('an event reaches only the streams of the worker that took it (memory bus)')
  }
  if (heartbeatMs === 0) problems.push('no heartbeat, so the proxy ends a quiet stream')
  if (problems.length > 0) {
    return { kind: 'broken', name: 'Broken side', sentence: `Left broken here: ${problems.join('; ')}.` }
  }
  if (bus === 'memory') {
    return {
      kind: 'single',
      name: 'One worker',
      sentence: 'One worker needs no bus: every stream is its own.',
    }
  }
  const heartbeat = `a heartbeat every ${heartbeatMs / 1000} s keeps quiet streams open`
  const sentences: Record<string, string> = {
    pubsub: `Redis Pub/Sub brings every event to every worker, at most once; ${heartbeat}.`,
    streams: `A Redis stream brings every event to every worker, and a cut stream resumes by id; ${heartbeat}.`,
  }
  return { kind: 'fixed', name: 'Fixed side', sentence: sentences[bus] ?? `Bus: ${bus}; ${heartbeat}.` }
}

const sidePorts: Record<string, string> = { '8080': '8081', '8081': '8080' }

/** The same page and topic on the other side; undefined where the ports do not tell which that is. */
export function otherSide(address: URL): URL | undefined {
  const port = sidePorts[address.port]
  if (port === undefined) return undefined
  const other = new URL(address)
  other.port = port
  return other
}
