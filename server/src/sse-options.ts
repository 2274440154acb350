import type { Grant } from './grant.ts'
import type { Request } from './http/body.ts'
import type { Log } from './observe/facts.ts'
import type { RedisMode } from './redis-url.ts'
import type { Fleet } from './sse-types.ts'

/** Says who a request is: what it may do, or undefined for nobody. May also throw a Refusal with words of its own. */
export type Authorize = (request: Request) => Grant | undefined | Promise<Grant | undefined>

/** What `createSse` takes. All of it may be left out. Units stand last in the name: Ms milliseconds, Bytes bytes. */
export type SseOptions = {
  /** `redis://user:password@host:6379/0`, Redis 8.0 or later. Default: none, and every process is on its own. */
  redis?: string | undefined
  /**
   * How Redis stands there: `single` server; `sentinel`, and `redis` has some sentinels, separated by commas; `cluster`, and it
   * has some nodes. User, password and database in them are those of the servers, the same in each. Default: `single`.
   */
  redisMode?: RedisMode | undefined
  /** What the sentinels call the server that they watch. Default: `mymaster`. */
  redisMaster?: string | undefined
  /**
   * How events reach the other processes. `streams`: a log in Redis, and who comes back gets what it missed. `pubsub`: a channel of
   * Redis, without a past. `memory`: this process alone. Default: `streams` with Redis, `memory` without.
   */
  bus?: 'memory' | 'pubsub' | 'streams' | undefined
  /** Stands before the name of each key and channel in Redis, for applications that share one. Default: none. */
  keyPrefix?: string | undefined
  /** What this process is called in `hello`, in metrics and in Redis' CLIENT LIST. Default: `<host>/<6 random digits>/<instance>`. */
  name?: string | undefined
  /** The number of this process among its siblings, for `hello`. Default: 0. */
  instance?: number | undefined
  /** Asked for each stream and each received publish that brings no grant of its own. Default: everybody may do everything. */
  authorize?: Authorize | undefined
  /** Pages of these origins may read streams. Leave it empty where your framework answers CORS. Default: none. */
  corsOrigins?: readonly string[] | undefined
  /**
   * Whether batches are sent to many streams by one native call each, if `native/` beside the package was built for this machine.
   * With many streams a delivery costs up to a fifth less processor time. Default: false.
   */
  native?: boolean | undefined
  /** Where facts go, a few lines an hour. A pino logger will do, or `console`. Default: warnings and errors on standard error. */
  log?: Log | undefined
  /** Time between signs of life on every stream. Keep it under a third of what any proxy waits. 0: none. Default: 15,000. */
  heartbeatMs?: number | undefined
  /**
   * How long a client waits until it comes back: a random time between the two, or longer by returnsPerSecond.
   * Defaults: 1000 and 5000.
   */
  retryMsMin?: number | undefined
  retryMsMax?: number | undefined
  /** Age at which a stream ends by itself, and its client comes back to any process. 0: never. Default: 1,800,000. */
  streamMs?: number | undefined
  /** How long `drain` may take. Default: 5000. */
  drainMs?: number | undefined
  /** What the log keeps for those who come back, for all topics together. Defaults: 10,000 events, 16 MiB. */
  logEventsMax?: number | undefined
  logBytesMax?: number | undefined
  /** Unsent bytes at which a client that does not read is dropped. Default: 1 MiB. */
  bufferedBytesMax?: number | undefined
  /** The largest event on the wire. At most half of bufferedBytesMax. Default: 64 KiB. */
  eventBytesMax?: number | undefined
  /** Streams of this process; one more is told to come back later. Default: 10,000. */
  connectionsMax?: number | undefined
  /** How many streams should come back to a process in a second when all do: a full one tells them a longer time. Default: 500. */
  returnsPerSecond?: number | undefined
  /**
   * How large the fleet is that they come back to, as far as it is known; undefined: it is not. Called for each stream, and must not throw.
   * Default: each process takes itself for the mean.
   */
  fleet?: (() => Fleet | undefined) | undefined
  /** Streams that this process opens in a second, and as many at once; one more is told to come back later. Default: 10,000. */
  opensPerSecondMax?: number | undefined
  /** How long a publish waits for Redis. Default: 1500. */
  publishTimeoutMs?: number | undefined
  /**
   * How many replicas of Redis must have an event before its publish is acknowledged; with too few it is refused, and may arrive.
   * Default: 0, the master alone.
   */
  confirm?: number | undefined
  /**
   * In how many logs the topics are, each with those of its scope: the part before the first `/`. The same in every process:
   * one with another number than those that run waits until they are gone. They share logEventsMax and logBytesMax. Default: 1.
   */
  partitions?: number | undefined
  /**
   * Where events follow each other within this time, they are gathered for so long: each comes at most so much later, and costs
   * less. One after a silence comes at once. 0: never. Default: 5.
   */
  batchMs?: number | undefined
  /** Unsent bytes of all streams together, at which the fullest are dropped. Default: 256 MiB. */
  unsentBytesMax?: number | undefined
  /** What one subject of a grant may take of this process. Defaults: 20 streams; 50 publishes a second, and as many at once. */
  subjectStreamsMax?: number | undefined
  subjectPublishesPerSecondMax?: number | undefined
}
