import http from 'k6/http'
import { now, type Ledger } from 'k6/x/eventsource'
import { textOf, workerOf } from './answers.ts'
import type { Api } from './api.ts'
import type { Knobs } from './knobs.ts'
import { withTopic } from './template.ts'
import { pause } from './until.ts'

export type PublishParts = {
  publish: Api['publish']
  headers: Api['headers']
  places: Api['places']
  topic: string
  ledger: Ledger
  knobs: Pick<Knobs, 'rate' | 'durationS' | 'publishers' | 'padding'>
  /** Sends what is not acknowledged again with the same Idempotency-Key, for up to 30 s. */
  repeats: boolean
}

const repeatMs = 30_000

/**
 * Publishes `rate` events per second in even steps, and tells the ledger of each attempt and each success. Publishers take
 * turns and each waits for its answer, so each has an order of its own; when answers are slow they fall behind the rate,
 * and never pile up.
 */
export async function publish(parts: PublishParts): Promise<void> {
  const { rate, durationS, publishers } = parts.knobs
  const events = rate * durationS
  const begun = Date.now()
  await Promise.all(
    Array.from({ length: publishers }, async (_, publisher) => {
      for (let event = publisher; event < events; event += publishers) {
        const waitMs = begun + (event * 1000) / rate - Date.now()
        if (waitMs > 0) await pause(waitMs)
        await publishOne(parts, `p${publisher}`, Math.floor(event / publishers) + 1)
      }
    }),
  )
}

async function publishOne(
  { publish: call, headers: always, places, topic, ledger, knobs, repeats }: PublishParts,
  publisher: string,
  sequence: number,
): Promise<void> {
  if (call === undefined) return
  // The same words each time, or the key would be refused. Latency counts from the first attempt.
  const data = { publisher, sequence, sentAtMs: now(), padding: 'x'.repeat(knobs.padding) }
  const { url, body, ok } = call
  const headers: Record<string, string> = { ...always, 'Content-Type': body.contentType }
  if (repeats) headers['Idempotency-Key'] = `${topic}/${publisher}/${sequence}`
  const deadline = Date.now() + repeatMs
  for (;;) {
    ledger.attempt({ publisher, sequence })
    const answer = await http.asyncRequest('POST', withTopic(url, topic), body.bodyOf({ topic, data }), {
      headers,
      timeout: '5s',
    })
    if (ok(answer.status)) {
      // Where nobody says who holds a stream, it is no matter who took the event.
      const worker = places.holder === undefined ? {} : { worker: workerOf(textOf(answer.body)) }
      ledger.acknowledge({ publisher, sequence, ...worker })
      return
    }
    if (!repeats || Date.now() > deadline) {
      const why = answer.status === 0 ? answer.error : `${answer.status} ${textOf(answer.body)}`
      console.warn(`${url} refused event ${sequence} of ${publisher}: ${why}`)
      return
    }
    await pause(250)
  }
}
