import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Subscriber } from './bus/bus.ts'
import type { Event } from './event.ts'
import { eventFrame, gapFrame, heartbeatFrame } from './frame.ts'

/** Why a stream ended, as the metric's label says it. */
export type CloseReason = 'peer-left' | 'slow-reader' | 'stalled' | 'stream-age' | 'drain'

export const closeReasons: readonly CloseReason[] = [
  'peer-left',
  'slow-reader',
  'stalled',
  'stream-age',
  'drain',
]

/** What the hub needs of an open stream. */
export interface Connection {
  /** Answers whether the frames were taken. */
  write(frames: Buffer): boolean
  /** Called about once a second: bounds that depend on time are checked here, without a timer per connection. */
  sweep(now: number): void
  /** Ends the stream; what was written still goes out. */
  end(reason: CloseReason): void
}

/** Connections that asked for the same set of topics: they get the same bytes. */
type Group = { topics: readonly string[]; connections: Set<Connection> }

/** One text for many connections; `events` is what it counts for as delivered. */
type Job = { text: string; events: number; connections: Connection[] }

// 10,000 writes in one turn of the event loop would keep heartbeats, publishes and new streams waiting.
const sliceConnections = 250

/**
 * One worker's topics and their connections. Knows neither HTTP nor Redis.
 *
 * A batch is encoded once, then written in slices between turns of the event loop to the connections that were there
 * when it came; whoever joins meanwhile gets the next one. Batches, gaps and heartbeats take turns, so no stream ever sees
 * one inside another.
 */
export class Hub implements Subscriber {
  readonly #groups = new Map<string, Group>()
  readonly #groupsOfTopic = new Map<string, Set<Group>>()
  #turn: Promise<void> = Promise.resolve()
  #connections = 0
  #delivered = 0
  #gaps = 0
  #heartbeats = 0

  /** Connections open now. */
  get connections(): number {
    return this.#connections
  }

  /** Topics that at least one connection asked for. */
  get topics(): number {
    return this.#groupsOfTopic.size
  }

  /** Events written to connections so far: one event to two of them counts two. */
  get delivered(): number {
    return this.#delivered
  }

  /** Gap events written to all connections so far. */
  get gaps(): number {
    return this.#gaps
  }

  /** Heartbeats written to all connections so far. */
  get heartbeats(): number {
    return this.#heartbeats
  }

  /** Adds a connection. `topics` are sorted and without doubles. Returns the undo, which may be called more than once. */
  join(topics: readonly string[], connection: Connection): () => void {
    const key = topics.join(' ') // a topic has no space
    const group = this.#groups.get(key) ?? this.#addGroup(key, topics)
    group.connections.add(connection)
    this.#connections += 1
    return () => {
      if (!group.connections.delete(connection)) return
      this.#connections -= 1
      if (group.connections.size === 0) this.#removeGroup(key, group)
    }
  }

  /** Writes a batch to every connection of its topics. Resolves after the last write. */
  async deliver(batch: Event[]): Promise<void> {
    await this.#inTurn(() => this.#jobs(batch))
  }

  /** Tells every connection that events are or may be missing. */
  async gap(): Promise<void> {
    this.#gaps += 1
    await this.#inTurn(() => this.#toAll(gapFrame(null)))
  }

  /** Writes a heartbeat to every connection. */
  async heartbeat(): Promise<void> {
    this.#heartbeats += 1
    await this.#inTurn(() => this.#toAll(heartbeatFrame()))
  }

  /** Lets every connection check its own bounds. */
  sweep(now: number): void {
    for (const connection of this.all()) connection.sweep(now)
  }

  /** A snapshot of the open connections. */
  all(): Connection[] {
    return [...this.#groups.values()].flatMap(group => [...group.connections])
  }

  #addGroup(key: string, topics: readonly string[]): Group {
    const group: Group = { topics, connections: new Set() }
    this.#groups.set(key, group)
    for (const topic of topics) {
      const groups = this.#groupsOfTopic.get(topic)
      if (groups === undefined) this.#groupsOfTopic.set(topic, new Set([group]))
      else groups.add(group)
    }
    return group
  }

  #removeGroup(key: string, group: Group): void {
    this.#groups.delete(key)
    for (const topic of group.topics) {
      const groups = this.#groupsOfTopic.get(topic)
      groups?.delete(group)
      if (groups?.size === 0) this.#groupsOfTopic.delete(topic)
    }
  }

  // The jobs are made when the turn comes: whoever has joined by then is in.
  #inTurn(jobs: () => Job[]): Promise<void> {
    this.#turn = this.#turn.then(() => this.#write(jobs()))
    return this.#turn
  }

  #jobs(batch: Event[]): Job[] {
    const texts = new Map<Group, { text: string; events: number }>()
    for (const event of batch) {
      const groups = this.#groupsOfTopic.get(event.topic)
      if (groups === undefined) continue
      const frame = eventFrame(event)
      for (const group of groups) {
        const before = texts.get(group)
        texts.set(group, { text: (before?.text ?? '') + frame, events: (before?.events ?? 0) + 1 })
      }
    }
    return [...texts].map(([group, { text, events }]) => {
      return { text, events, connections: [...group.connections] }
    })
  }

  #toAll(text: string): Job[] {
    return [{ text, events: 0, connections: this.all() }]
  }

  async #write(jobs: Job[]): Promise<void> {
    let written = 0
    // Bytes are made only when their turn comes, and shared with the job before if it says the same: many sets with one
    // busy topic in common would otherwise copy its event once per set, all in one turn.
    let last: { text: string; frames: Buffer } | undefined
    for (const { text, events, connections } of jobs) {
      if (last?.text !== text) last = { text, frames: Buffer.from(text) }
      const { frames } = last
      for (const connection of connections) {
        if (connection.write(frames)) this.#delivered += events
        written += 1
        if (written % sliceConnections === 0) await nextTurn()
      }
    }
  }
}
