import { isTopic, topicRule } from '../event-rules.ts'
import { Refusal } from './refusal.ts'

const topicsPerStreamMax = 32

/**
 * The topics of a stream, from its query or its application, sorted and without doubles, so that equal sets look equal.
 * No topic at all means `lobby`. Throws a Refusal for a bad topic or too many.
 */
export function readTopics(query: unknown): string[] {
  const asked = query === undefined ? ['lobby'] : Array.isArray(query) ? query : [query]
  if (asked.length === 0) throw new Refusal('bad-topic', 'A stream needs a topic at least.')
  if (!asked.every(isTopic)) {
    throw new Refusal(
      'bad-topic',
      `Query parameter "topic" must be a topic: ${topicRule}; percent-encoded where a URL needs it.`,
    )
  }
  const topics = [...new Set(asked)].toSorted()
  if (topics.length > topicsPerStreamMax) {
    throw new Refusal(
      'bad-topic',
      `Query parameter "topic": at most ${topicsPerStreamMax} topics per stream, got ${topics.length}.`,
    )
  }
  return topics
}
