// As the server's event-rules.ts. It stands here again, since the page knows the server by its HTTP API alone.
const grammar = /^[A-Za-z0-9._~:/@%-]{1,256}$/

export const defaultTopic = 'lobby'
export const topicRule = 'A topic is 1 to 256 of A-Z a-z 0-9 . _ ~ : / @ % -'

export function isTopic(text: string): boolean {
  return grammar.test(text)
}
