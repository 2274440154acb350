import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'

/** Publishes so many events on a topic, one after the other, and returns their ids. */
export async function publishMany(base: string, topic: string, count: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) ids.push((await publish(base, { topic, data: `event ${ids.length}` })).id)
  return ids
}

/**
 * The same, and waits until `witness`, a stream of that server and topic, has the last one. Pub/Sub may bring an event later
 * than the answer to its publish: to whoever came back in between it would come live, as if nothing had been missed.
 */
export async function publishBefore(
  witness: TestStream,
  base: string,
  topic: string,
  count: number,
): Promise<string[]> {
  const ids = await publishMany(base, topic, count)
  await witness.next(({ id }) => id === ids.at(-1), { withinMs: 3000 })
  return ids
}

/** A client that comes back, as a browser does: it says the last id that it saw. */
export async function comeBack(url: string, lastId: string): Promise<TestStream> {
  const stream = await TestStream.open(url, { headers: { 'last-event-id': lastId } })
  await stream.greeted()
  return stream
}

/** The ids of what came on a stream, in order. */
export function idsOf(stream: TestStream): string[] {
  return stream.events.map(({ id }) => id ?? '')
}

/** Which of the published ones did not come, in the order of publishing. */
export function missing(published: readonly string[], received: readonly string[]): string[] {
  const got = new Set(received)
  return published.filter(id => !got.has(id))
}
