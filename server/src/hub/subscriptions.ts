import type { CloseReason } from '../stats.ts'

/** What the hub needs of an open stream. */
export interface Connection {
  /** Answers whether the frames were taken. */
  write(frames: Buffer): boolean
  /** Resolves when there is room for more: in another turn of the event loop, or once what was written has gone out. */
  room(): Promise<void>
  /** Called about once a second: bounds that depend on time are checked here, without a timer per connection. */
  sweep(now: number): void
  /** Bytes that were written and have not gone out. */
  readonly unsentBytes: number
  /** Ends the stream; what was written still goes out. */
  end(reason: CloseReason): void
  /** Drops the stream and what it holds. */
  close(reason: CloseReason): void
}

/**
 * Connections that asked for the same set of topics: they get the same bytes.
 *
 * `live` has those that were given every event up to the tail's last, each with the round in which it became live: what is
 * written in that round it has already. `round` is the last one in which the group was served.
 */
export type Group = {
  readonly key: string
  readonly topics: readonly string[]
  size: number
  readonly live: Map<Connection, number>
  round: number
}

/** Who asked for what. A topic is in here if and only if a connection wants it. */
export class Subscriptions {
  readonly #groups = new Map<string, Group>()
  readonly #groupsOfTopic = new Map<string, Set<Group>>()

  /** How many topics at least one connection asked for. */
  get topics(): number {
    return this.#groupsOfTopic.size
  }

  get groups(): Iterable<Group> {
    return this.#groups.values()
  }

  groupsOf(topic: string): Iterable<Group> {
    return this.#groupsOfTopic.get(topic) ?? []
  }

  /** Counts one connection more in the group of these topics, which are sorted and without doubles. */
  enter(topics: readonly string[]): Group {
    const key = topics.join(' ') // a topic has no space
    const group = this.#groups.get(key) ?? this.#add(key, topics)
    group.size += 1
    return group
  }

  /** Counts one connection less. The last one takes the group along. */
  leave(group: Group): void {
    group.size -= 1
    if (group.size > 0) return
    this.#groups.delete(group.key)
    for (const topic of group.topics) {
      const groups = this.#groupsOfTopic.get(topic)
      groups?.delete(group)
      if (groups?.size === 0) this.#groupsOfTopic.delete(topic)
    }
  }

  #add(key: string, topics: readonly string[]): Group {
    const group: Group = { key, topics, size: 0, live: new Map(), round: 0 }
    this.#groups.set(key, group)
    for (const topic of topics) {
      const groups = this.#groupsOfTopic.get(topic)
      if (groups === undefined) this.#groupsOfTopic.set(topic, new Set([group]))
      else groups.add(group)
    }
    return group
  }
}
