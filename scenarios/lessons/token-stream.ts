import { DefaultChatTransport, type ChatTransport, type UIMessage, type UIMessageChunk } from 'ai'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Rig } from '../rig/rig.ts'
import { spread } from '../rig/spread.ts'
import { topicFetch, type Kept } from '../rig/topic-chat.ts'
import { scenario } from '../scenario.ts'

/** What came of an answer: how many tokens, each once and in order from the first one, and whether the end was seen. */
type Came = { tokens: number; inOrder: boolean; ended: boolean }

/** Two workers behind a proxy, and a client of their answers. `kept` is what a page has kept over a reload. */
type Chat = { restart: () => Promise<void>; open: (kept: Kept) => ChatTransport<UIMessage> }

export const tokenStream = scenario({
  name: 'token-stream',
  title: 'A reload loses the rest of the answer',
  symptom:
    'An answer is written token by token. After a reload of the page, or a deploy, it stops in the middle of a sentence: `TypeError: network error`, `TypeError: terminated`, `204 No Content`. Asked again, the model writes (and bills) the whole of it once more.',
  switch:
    'naive/token-stream.ts (the answer is the response to the POST) against examples/token-stream/server.ts (each token is published to a topic of the answer)',
  because:
    'The response to a POST belongs to one connection of one process. When either is gone there is no second way to the rest, and nothing that a client could name to ask for it.',
  fix: 'The POST says where the answer will be. The producer publishes it there, with an event for the end; whoever reads it names the id after which the rest is wanted, at any worker.',
  code: [
    { file: 'examples/token-stream/server.ts', text: 'for await (const data of tokens())' },
    { file: 'examples/token-stream/server.ts', text: "type: 'end'" },
    { file: 'examples/token-stream/index.html', text: 'lastEventID: answer.lastId' },
  ],
  sides: { broken: answerInResponse, fixed: answerInTopic },
  async measure(rig, start) {
    const count = rig.count(20, 200)
    const { open, restart } = await start(rig, count)
    const at = count / 4
    const reloaded = await read(open, tokens => (tokens === at ? 'leave' : 'stay'))
    let restarted: Promise<void> | undefined
    const killed = await read(open, tokens => {
      if (tokens === at) restarted ??= restart()
      return 'stay'
    })
    await restarted
    return { count, at, reloaded, killed }
  },
  judge: {
    broken: ({ count, at, reloaded, killed }) => ({
      predicted: `reload: ${at} of ${count} tokens; workers killed: fewer than ${count}; no end either time`,
      measured: `reload: ${told(reloaded, count)}; workers killed: ${told(killed, count)}`,
      holds:
        [reloaded, killed].every(({ inOrder, ended }) => inOrder && !ended) &&
        reloaded.tokens === at &&
        killed.tokens >= at &&
        killed.tokens < count,
      evidence: 'whoever comes back is answered 204: there is nothing to come back to',
    }),
    fixed: ({ count, reloaded, killed }) => ({
      predicted: `${count} of ${count} tokens, each once, in order, and the end, both times`,
      measured: `reload: ${told(reloaded, count)}; workers killed: ${told(killed, count)}`,
      holds: [reloaded, killed].every(({ tokens, inOrder, ended }) => tokens === count && inOrder && ended),
    }),
  },
})

async function answerInResponse(rig: Rig, count: number): Promise<Chat> {
  const { url, restart } = await twoWorkers(rig, 'scenarios/naive/token-stream.ts', model(rig, count))
  return { restart, open: () => new DefaultChatTransport({ api: `${url}/ask` }) }
}

async function answerInTopic(rig: Rig, count: number): Promise<Chat> {
  const { url, restart } = await twoWorkers(rig, 'server/src/main.ts', { REDIS_URL: (await rig.redis()).url })
  const app = await rig.process('examples/token-stream/server.ts', { LAB_URL: url, ...model(rig, count) })
  const api = `${app.url}/ask`
  return { restart, open: kept => new DefaultChatTransport({ api, fetch: topicFetch(url, kept) }) }
}

function model(rig: Rig, count: number): Record<string, string> {
  return { TOKENS: String(count), TOKEN_MS: String(rig.ms(30, 50)) }
}

/** Two workers behind the proxy. `restart` kills both in one moment, and starts them again where they were. */
async function twoWorkers(
  rig: Rig,
  file: string,
  env: Record<string, string>,
): Promise<{ url: string; restart: () => Promise<void> }> {
  const workers = await Promise.all([rig.process(file, env), rig.process(file, env)])
  const restart = async () => {
    await Promise.all(workers.map(worker => worker.kill('SIGKILL')))
    await Promise.all(workers.map(({ port }) => rig.process(file, { ...env, PORT: String(port) })))
  }
  return { url: await spread(rig, workers), restart }
}

/** Asks, and reads the answer as a page does that comes back, with what it has kept, until there is nothing to come back to. */
async function read(open: Chat['open'], seen: (tokens: number) => 'leave' | 'stay'): Promise<Came> {
  const chatId = 'chat'
  const kept: Kept = {}
  const question: UIMessage = { id: 'question', role: 'user', parts: [{ type: 'text', text: 'Count.' }] }
  const asked = await open(kept).sendMessages({
    trigger: 'submit-message',
    chatId,
    messageId: undefined,
    messages: [question],
    abortSignal: undefined,
  })
  let came = await take(asked, seen)
  return await until('the end, or that there is none', 30_000, async () => {
    if (came.ended) return came
    // While no worker is there, this rejects, and is tried again.
    const again = await open(kept).reconnectToStream({ chatId })
    if (again === null) return came
    // A stream of the `ai` package that is taken up again brings the whole message anew.
    came = await take(again, () => 'stay')
    return false
  })
}

/** Reads until the end, a cut, or until `seen` leaves. */
async function take(
  stream: ReadableStream<UIMessageChunk>,
  seen: (tokens: number) => 'leave' | 'stay',
): Promise<Came> {
  const tokens: string[] = []
  let ended = false
  try {
    for await (const chunk of stream) {
      if (chunk.type === 'finish') ended = true
      if (chunk.type === 'text-delta' && seen(tokens.push(chunk.delta)) === 'leave') break
    }
  } catch {
    // Cut: what has come until then counts.
  }
  return { tokens: tokens.length, inOrder: tokens.every((text, index) => text === `${index + 1} `), ended }
}

function told({ tokens, inOrder, ended }: Came, count: number): string {
  return `${tokens} of ${count} tokens${inOrder ? '' : ', not each once and in order'}, ${ended ? 'the end' : 'no end'}`
}
