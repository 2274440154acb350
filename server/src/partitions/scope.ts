import { crc32 } from 'node:zlib'

/** The part of a topic before its first `/`: topics of one scope are in one log, so that a stream of theirs has one order. */
export function scopeOf(topic: string): string {
  const slash = topic.indexOf('/')
  return slash === -1 ? topic : topic.slice(0, slash)
}

/** Which of `count` logs holds a topic. The same for every worker and for ever: what is there is not moved. */
export function partitionOf(topic: string, count: number): number {
  return crc32(scopeOf(topic)) % count
}

/** The topics by partition, each list in the order in which they came. */
export function byPartition(topics: readonly string[], count: number): Map<number, string[]> {
  const found = new Map<number, string[]>()
  for (const topic of topics) {
    const partition = partitionOf(topic, count)
    const others = found.get(partition)
    if (others === undefined) found.set(partition, [topic])
    else others.push(topic)
  }
  return found
}
