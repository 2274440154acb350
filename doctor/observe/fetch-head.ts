import type { Failure } from '../observations.ts'
import { ask, type Question } from './ask.ts'

export type Head = { status?: number; headers: Record<string, string>; failure?: Failure; text: string }

// Enough for a title or the message of an error.
const usualTextMax = 2000

/** Asks once and answers with the head and the beginning of the body; never throws. Nothing within `withinMs`: no status. */
export function fetchHead(question: Question, withinMs: number, textMax = usualTextMax): Promise<Head> {
  return new Promise(resolve => {
    const head: Head = { headers: {}, text: '' }
    const done = () => {
      clearTimeout(timer)
      close()
      resolve(head)
    }
    const timer = setTimeout(done, withinMs)
    const close = ask(question, {
      connected: () => undefined,
      headers: (status, headers) => {
        head.status = status
        head.headers = headers
        // An event stream has no end to wait for.
        if ((headers['content-type'] ?? '').startsWith('text/event-stream')) setImmediate(done)
      },
      bytes: bytes => {
        head.text += bytes.toString()
        if (head.text.length > textMax) setImmediate(done)
      },
      over: done,
      failed: failure => {
        head.failure = failure
        done()
      },
    })
  })
}
