import type { Observations, Recording, Side } from './observations.ts'

/** What a proxy before the server is called in a finding. */
export function before(seen: Observations): string {
  const { through, direct } = seen.named
  const behind = direct ?? 'your server'
  return through === undefined || through === direct
    ? `the layer before ${behind}`
    : `the layer before ${behind} (${through})`
}

export function server(seen: Observations): string {
  return seen.named.direct === undefined ? 'your server' : `your server (${seen.named.direct})`
}

/** Where only one address is known, nobody can say which layer it is. */
export function unknown(seen: Observations): string {
  const { through } = seen.named
  return through === undefined
    ? 'your server, or a proxy before it: DIRECT= tells which'
    : `${through}, or what is behind it: DIRECT= tells which`
}

/** The proxy's name as `fixes.ts` knows it. */
export function proxyName(seen: Observations): string | undefined {
  const { through, direct } = seen.named
  return through === direct ? undefined : through
}

/** Streams that gave an answer that is one, or none yet. */
export function streamsOf(seen: Observations, side: Side, kind: Recording['kind']): Recording[] {
  return seen.streams.filter(stream => {
    const { status = 200, failure } = stream
    return stream.side === side && stream.kind === kind && status === 200 && failure === undefined
  })
}
