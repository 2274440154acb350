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
  const cluster = new LastingCluster(addresses, {
    lazyConnect,
    keyPrefix,
    clusterRetryStrategy: retryStrategy,
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
  cluster.on('close', () => setImmediate(() => cluster.keepTrying()))
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

// The connection to a server that died without a word ends two seconds after its replacement has begun. If that is while names
// are looked up, ioredis 6 takes the end for its own, and never tries again: it stays `close`, where it otherwise never rests.
class LastingCluster extends Cluster {
  #isEnded = false

  /** Without `reconnect` it is for good: also an end that comes after this one begins nothing. */
  override disconnect(reconnect = false): void {
    this.#isEnded ||= !reconnect
    super.disconnect(reconnect)
  }

  keepTrying(): void {
    if (this.status === 'close' && !this.#isEnded) this.connect().catch(() => undefined)
  }
}
