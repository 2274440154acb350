import type { UIMessageChunk } from 'ai'
import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream'
import { z } from 'zod'

const place = z.object({ topic: z.string(), from: z.string() })

/** What a page keeps over a reload, in sessionStorage: where the answer is, and after which id it begins. */
export type Kept = { answer?: z.output<typeof place> }

/**
 * `fetch` for the `ai` package's DefaultChatTransport, which then reads answers from a topic. A POST asks the application, which says
 * where the answer will be; it and each later GET read the topic from the answer's beginning, from whichever worker.
 */
export function topicFetch(lab: string, kept: Kept): typeof fetch {
  return async (input, init) => {
    if (init?.method === 'POST') {
      const asked = await fetch(input, init)
      if (!asked.ok) return asked
      kept.answer = place.parse(await asked.json())
    }
    if (kept.answer === undefined) return new Response(null, { status: 204 })
    const { topic, from } = kept.answer
    const events = await fetch(`${lab}/events?topic=${encodeURIComponent(topic)}`, {
      headers: { accept: 'text/event-stream', 'last-event-id': from },
      signal: init?.signal ?? null,
    })
    if (!events.ok || events.body === null) return events
    const chunks = events.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .pipeThrough(toChunks())
    return new Response(chunks.pipeThrough(new TextEncoderStream()))
  }
}

const line = (chunk: UIMessageChunk) => `data: ${JSON.stringify(chunk)}\n\n`

/** The events of an answer in the words of the `ai` package's stream. Whatever else the lab says (hello, heartbeat) is left out. */
function toChunks(): TransformStream<EventSourceMessage, string> {
  const id = 'answer'
  return new TransformStream({
    start(out) {
      out.enqueue(line({ type: 'start' }) + line({ type: 'text-start', id }))
    },
    transform({ event, data }, out) {
      if (event === 'token') out.enqueue(line({ type: 'text-delta', id, delta: data }))
      if (event === 'gap') out.error(new Error('the log has let go of the beginning'))
      if (event !== 'end') return
      out.enqueue(line({ type: 'text-end', id }) + line({ type: 'finish' }))
      out.terminate()
    },
  })
}
