import type { Grant } from '../grant.ts'
import { readJsonBody, type Request } from './body.ts'
import { readDraft } from './draft.ts'
import { parseExactly } from './exact-json.ts'
import type { Published, Publisher } from './publisher.ts'
import { writeHead, type Response } from './response.ts'

export type ReceiveParts = { publisher: Publisher; eventBytesMax: number; name: string }

/** A received publish: `body` is the parsed one, where a framework has read it and keeps it elsewhere than in `request.body`. */
export type ReceiveWish = { grant?: Grant | undefined; body?: unknown }

/** Takes `{"topic","type"?,"data"}` and answers 202 once the bus holds it. Rejects with a Refusal or the bus' own error. */
export async function receive(
  { publisher, eventBytesMax, name }: ReceiveParts,
  request: Request,
  response: Response,
  { grant, body }: ReceiveWish,
): Promise<void> {
  const bound = `${eventBytesMax} bytes (EVENT_BYTES_MAX, eventBytesMax)`
  const read = body ?? parsedBody(request)
  const json = read === undefined ? await readJsonBody(request, eventBytesMax, bound) : exact(read)
  const key = request.headers['idempotency-key']
  const published = await publisher(readDraft(json), { key: key === undefined ? key : String(key), grant })
  answer(response, { ...published, worker: name })
}

// A body parser before us has taken the bytes. What it made of them is all there is.
function parsedBody(request: Request): unknown {
  return 'body' in request ? request.body : undefined
}

function exact(body: unknown): unknown {
  return Buffer.isBuffer(body) || typeof body === 'string' ? parseExactly(String(body)) : body
}

function answer(response: Response, published: Published & { worker: string }): void {
  const text = JSON.stringify(published)
  writeHead(response, 202, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
