import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Answers a question token by token, as a language model does. The answer does not live in the response to the POST: each
 * token is published to a topic of its own, which any page reads, and reads again, from any worker of the lab.
 */
const lab = process.env.LAB_URL ?? 'http://localhost:8080'
const tokenCount = Number(process.env.TOKENS ?? 200)
const tokenMs = Number(process.env.TOKEN_MS ?? 100)
const retryMs = 250
const giveUpMs = 60_000

/** In place of a model. It counts, so that a token that is missing is seen. */
async function* tokens(): AsyncGenerator<string> {
  for (let number = 1; number <= tokenCount; number += 1) {
    await pause(tokenMs)
    yield `${number} `
  }
}

/** Publishes an event, and returns its id once the lab holds it. The same `key` again takes effect once. */
async function publish(event: { topic: string; type: string; data: unknown }, key: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  const body = JSON.stringify(event)
  for (const begun = Date.now(); Date.now() - begun < giveUpMs; await pause(retryMs)) {
    // Away, or cut in the middle: not acknowledged. It may have taken effect, so it goes again with its key.
    const answer = await fetch(`${lab}/events`, { method: 'POST', headers, body }).catch(() => undefined)
    if (answer?.status === 202) return String((await answer.json()).id)
    if (answer !== undefined && answer.status < 500) throw new Error(await answer.text())
    await answer?.body?.cancel()
  }
  throw new Error(`the lab took no event for ${giveUpMs} ms`)
}

/** Publishes the answer, one token after the other. The last event says how it ended: whoever comes late knows that it is over. */
async function produce(topic: string): Promise<void> {
  let count = 0
  let error: string | undefined
  try {
    for await (const data of tokens())
      await publish({ topic, type: 'token', data }, `${topic}/${(count += 1)}`)
  } catch (cause) {
    error = String(cause)
  }
  await publish({ topic, type: 'end', data: { tokens: count, error } }, `${topic}/end`)
}

/** Says where the answer will be: its topic, and the id after which it begins. Nothing of the answer is in this response. */
async function ask(response: ServerResponse): Promise<void> {
  const topic = `answer/${randomUUID()}`
  const from = await publish({ topic, type: 'start', data: {} }, `${topic}/start`)
  response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ topic, from }))
  produce(topic).catch((error: unknown) => process.stderr.write(`${topic}: ${String(error)}\n`))
}

/** One address for the page. Where a proxy stands before your application, let it send /events to the lab instead. */
function passOn(incoming: IncomingMessage, response: ServerResponse): void {
  const { 'last-event-id': lastId } = incoming.headers
  const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) }
  const onward = request(new URL(incoming.url ?? '', lab), { agent: false, headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
    // A stream that is cut must be seen as cut, so that the page comes back.
    answer.once('error', () => response.destroy())
  })
  onward.once('error', () => response.destroy())
  response.once('close', () => onward.destroy())
  onward.end()
}

async function page(response: ServerResponse): Promise<void> {
  const html = await readFile(new URL('index.html', import.meta.url))
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
}

const server = createServer((incoming, response) => {
  const route = `${incoming.method} ${incoming.url?.split('?', 1)[0]}`
  const failed = (error: unknown) => response.writeHead(502).end(String(error))
  if (route === 'POST /ask') ask(response).catch(failed)
  else if (route === 'GET /events') passOn(incoming, response)
  else if (route === 'GET /healthz') response.end('alive')
  else if (route === 'GET /') page(response).catch(failed)
  else response.writeHead(404).end()
})
server.listen(Number(process.env.PORT ?? 3100), process.env.BIND ?? '127.0.0.1')
