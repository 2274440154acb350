import { lookup as lookupName } from 'node:dns'
import { Cluster } from 'ioredis'
import type { LinkOptions } from './redis-client.ts'

/** How ioredis asks for the address of a name. */
type Lookup = (name: string, answer: (error: Error | null, address: string) => void) => void

type ClusterLinkOptions = LinkOptions & {
  retryStrategy: (attempt: number) => number
  connectTimeout: number
  /** How long a connection that was ended may take to close. */
  disconnectTimeout?: number
  username?: string
  password?: string
  tls?: object
}

const lookupMs = 1000

/**
 * A connection to whichever servers of a cluster the keys are on. `addresses` are of some nodes, of which some may be away, and
 * unknown by name. `lookup` is for tests.
 */
export function openCluster(
  addresses: { host: string; port: number }[],
  { keyPrefix, enableOfflineQueue, lazyConnect, retryStrategy, ...nodes }: ClusterLinkOptions,
  lookup: Lookup = lookupName,
): Cluster {
  const cluster: LastingCluster = new LastingCluster(addresses, {
    lazyConnect,
    keyPrefix,
    clusterRetryStrategy: attempt => (cluster.isEnded ? null : retryStrategy(attempt)),
    enableOfflineQueue,
    // The defaults send a command again whose answer was lost with its node: see autoResendUnfulfilledCommands in redis.ts. What a
    // node refused with MOVED or ASK did not happen, and goes to the node that it names.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 3,
    slotsRefreshTimeout: nodes.connectTimeout,
    dnsLookup: anyway(lookup),
    redisOptions: nodes,
  })
  // The connection to a server that died without a word ends two seconds after its replacement has begun. If that is while names
  // are looked up, it is taken for the end of the new one, and nothing is tried any more: it stays `close`, where it otherwise
  // never rests.
  cluster.on('close', () =>
    setImmediate(() => {
      if (cluster.status === 'close' && !cluster.isEnded) cluster.connect().catch(() => undefined)
    }),
  )
  // Each of several attempts that run side by side forgets that it was ended.
  cluster.on('connect', () => {
    if (cluster.isEnded) cluster.disconnect()
  })
  return cluster
}

// One name without an address would keep ioredis from all other nodes, and a host that is away may have lost its name. With the
// name in the place of the address this node alone fails.
function anyway(lookup: Lookup): Lookup {
  return (name, answer) => {
    const timer = setTimeout(() => answer(null, name), lookupMs)
    lookup(name, (error, address) => {
      clearTimeout(timer)
      answer(null, error === null ? address : name)
    })
  }
}

/** One that keeps trying until it is ended for good, and then rests. ioredis 6 does neither when servers end at different times. */
class LastingCluster extends Cluster {
  #isEnded = false

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Without `reconnect` it is for good. */
  override disconnect(reconnect = false): void {
    this.#isEnded ||= !reconnect
    super.disconnect(reconnect)
  }
}
