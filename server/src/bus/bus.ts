import type { Draft, Event } from '../event.ts'

/** Who hears a bus: the hub of a worker. */
export type Subscriber = {
  /** Takes a batch, in order. The bus hands over the next one only when this has resolved. */
  deliver(batch: Event[]): Promise<void>
  /** Events are or may be missing from here on: every stream must be told. */
  gap(): Promise<void>
}

/** Carries events between workers. */
export interface Bus {
  readonly name: 'memory' | 'pubsub'
  /** Gives the draft its id and returns the event once the bus holds it. Rejects with BusAway within publishTimeoutMs. */
  publish(draft: Draft): Promise<Event>
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
