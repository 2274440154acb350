import type { Fault } from './fault.ts'
import * as drains from './drains.ts'
import * as links from './links.ts'
import * as proxy from './proxy.ts'
import * as clients from './clients.ts'
import * as redis from './redis.ts'
import * as servers from './servers.ts'
import * as workers from './workers.ts'

/**
 * Every fault of the suite. Of two at once the first here is struck first: clients are cut while every worker still has
 * something to say to them, and Redis goes away last, when the victims of the others are known.
 */
export const faults: readonly Fault[] = [workers, drains, servers, clients, links, proxy, redis].flatMap(
  (file): Fault[] => Object.values(file),
)
