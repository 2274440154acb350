import type { Draft, Event } from '../event.ts'

/** Who hears a bus: the hub of a worker. */
export type Subscriber = {
  /** Takes a batch, in order. The bus hands over the next one only when this has resolved. */
  deliver(batch: Event[]): Promise<void>
  /**
   * Events are or may be missing: every stream must be told. All that comes after `position` will be delivered; null
   * where the bus keeps no log. A bus with a log says this first of all, to tell where it starts.
   */
  gap(position: string | null): Promise<void>
}

/**
 * A publish that may be repeated: the same key with the same draft takes effect once. Each owner has keys of its own, and so
 * many at a time that they are in nobody else's way. Without an owner they are everybody's.
 */
export type Once = { key: string; owner?: string | undefined }

/** Carries events between workers. */
export interface Bus {
  readonly name: 'memory' | 'pubsub' | 'streams'
  /** What is known of ids as positions; undefined where the bus keeps no log and ids only tell events apart. */
  readonly log: BusLog | undefined
  /**
   * Gives the draft its id and returns the event once the bus holds it. Rejects with BusAway within publishTimeoutMs.
   * With `once`, a bus with a log returns the first event again, and rejects with KeyReused if the draft is another one, with
   * TooManyKeys if it cannot know one more; the others publish anew.
   */
  publish(draft: Draft, once?: Once): Promise<Event>
  /**
   * Resolves once every event that is published from now on, by any worker this bus reaches, will come to `subscriber`.
   * Waits as long as it takes while the bus is away.
   */
  subscribe(subscriber: Subscriber): Promise<void>
  /** Whether events come in right now. */
  readonly ready: boolean
  /** Time from publish to this worker for the last event that came, null before the first. Clocks of hosts differ. */
  readonly lagMs: number | null
  /** Leaves the bus. Nothing comes after it. */
  close(): Promise<void>
}

/** The history that a bus keeps. Every event's id is its position there; what an id looks like is the bus's own affair. */
export interface BusLog {
  /** Whether a text could be an id of such a log. */
  isId(text: string): boolean
  /** Below 0 if `a` comes before `b`, 0 if they are the same. For ids only. */
  compare(a: string, b: string): number
  /** The id of the last event there is, asked of the log itself. Rejects with BusAway. */
  lastId(): Promise<string>
}
