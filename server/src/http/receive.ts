import type { Grant } from '../grant.ts'
import { jsonOf, readJsonBody, requireJson, type Request } from './body.ts'
import { readDraft } from './draft.ts'
import type { Published, Publisher } from './publisher.ts'
import { answerWith, type Response } from './response.ts'

/** A received publish: `body` is the parsed one, where a framework has read it and keeps it elsewhere than in `request.body`. */
export type ReceiveWish = { grant?: Grant | undefined; body?: unknown }

/**
 * What will give the body. Throws a Refusal at once if the headers say that it cannot be read: what comes behind a head like
 * that may be no HTTP, and then Node ends the connection before an answer that is given any later.
 */
export function bodyReader(request: Request, given: unknown, eventBytesMax: number): () => Promise<unknown> {
  // A body parser before us has taken the bytes. What it made of them is all there is.
  const parsed = given ?? ('body' in request ? request.body : undefined)
  if (parsed !== undefined) return async () => exact(parsed)
  requireJson(request)
  const bound = `${eventBytesMax} bytes (EVENT_BYTES_MAX, eventBytesMax)`
  return async () => await readJsonBody(request, eventBytesMax, bound)
}

export type ReceiveParts = { publisher: Publisher; name: string; grant: Grant | undefined }

/** Takes `{"topic","type"?,"data"}` and answers 202 once the bus holds it. Rejects with a Refusal or the bus' own error. */
export async function receive(
  { publisher, name, grant }: ReceiveParts,
  request: Request,
  response: Response,
  read: () => Promise<unknown>,
): Promise<void> {
  const draft = readDraft(await read())
  const key = request.headers['idempotency-key']
  const published = await publisher(draft, { key: key === undefined ? key : String(key), grant })
  answer(response, { ...published, worker: name })
}

function exact(body: unknown): unknown {
  return Buffer.isBuffer(body) || typeof body === 'string' ? jsonOf(Buffer.from(body)) : body
}

function answer(response: Response, published: Published & { worker: string }): void {
  const text = JSON.stringify(published)
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  }
  answerWith(response, 202, headers, text)
}
