import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@sse-lab/testkit/wait.ts'
import { asText, howArrived, type Arriving } from './arriving.ts'
import { Background } from './background.ts'
import type { Options } from './options.ts'
import { NoAnswer, noAnswer, notAStream, notPublished } from './refusal.ts'
import type { Hello, Stream } from './stream.ts'
import { Target, type Reading } from './target.ts'
import { connectionsOf } from './workers.ts'

/** What the first look at the server has shown. */
export type Seen = Reading & {
  hello: Hello | undefined
  /** The server took the request for a stream and answered nothing. */
  held: boolean
  /** What was published first has not come. */
  undelivered: boolean
  workers: boolean
  /** What the rest of the run goes by: the options, and what had to be found out. */
  options: Options
  /** What was found out, for people. */
  notes: string[]
}

const canaryMsMax = 2000

/**
 * Looks at the server before any case does: whether there is a stream to judge, whose hello it says, how a text arrives, whether
 * topics are told apart, what comes by itself. `keep` holds a stream that goes on learning what comes by itself.
 * Throws NoAnswer where there is nothing to judge.
 */
export async function probe(options: Options, publishes: boolean, keep: DisposableStack): Promise<Seen> {
  using target = new Target(options)
  const listed = connectionsOf(target).then(
    () => true,
    () => false,
  )
  const held = await isHeld(target)
  const background = new Background()
  const nothing: Seen = {
    hello: undefined,
    held,
    undelivered: false,
    workers: await listed,
    arriving: { as: options.data === 'json' ? 'json' : 'text', path: options.dataPath?.split('.') ?? [] },
    background,
    options,
    notes: [],
  }
  if (held) return nothing
  const stream = await opened(target)
  if (options.publish === undefined || !publishes) return { ...nothing, hello: await helloOf(stream) }
  const other = keep.use(new Target({ ...options, topic: options.topic ?? randomTopic() }))
  const quiet = await other.stream().catch(() => undefined)
  const hello = await helloOf(stream)
  return await publishCanary({ ...nothing, hello }, target, stream, quiet)
}

// The first answer was a stream. That the second is none happens, where streams are counted or something is overloaded.
async function opened(target: Target): Promise<Stream> {
  const { withinMs } = target.options
  try {
    return await until('a second stream', withinMs, () => target.stream())
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new NoAnswer(`the first stream opened, and none after it: ${why}`)
  }
}

const randomTopic = () => `conformance-${randomUUID()}`

/** Whether the server took the request and sends nothing. Throws NoAnswer where it does not answer with a stream. */
async function isHeld(target: Target): Promise<boolean> {
  const { options } = target
  const exchange = target.connect()
  exchange.send(target.streamRequest())
  const head = await exchange.head().catch(() => undefined)
  if (head === undefined) {
    const why = noAnswer(options, exchange)
    if (why !== undefined) throw why
    return true
  }
  // The reason may stand in the body.
  const answer = head.status === 200 ? head : await exchange.answer().catch(() => head)
  const why = notAStream(options, answer)
  if (why !== undefined) throw why
  await overAtOnce(options, exchange, head)
  // A server may give one stream to each caller.
  exchange.wire.close()
  return false
}

/** A page or a document in place of a stream is over at once. */
async function overAtOnce(
  options: Options,
  exchange: ReturnType<Target['connect']>,
  head: Awaited<ReturnType<ReturnType<Target['connect']>['head']>>,
): Promise<void> {
  const type = head.header('content-type') ?? 'no content type'
  if (/event-stream/i.test(type)) return
  const over = await until('its end', 500, () => head.complete || exchange.wire.over !== undefined).catch(
    () => false,
  )
  if (over) {
    throw new NoAnswer(
      `${options.method} ${options.stream} is answered 200 with ${type}, and over after ${head.length} bytes: ` +
        'no stream is there. Give its path with --stream, or whole in --url',
    )
  }
}

// The lab's hello comes with the headers. A server that says none would be waited for in vain.
async function helloOf(stream: Stream): Promise<Hello | undefined> {
  await until('the first event', canaryMsMax, () => stream.events.length > 0).catch(() => undefined)
  const isHello = stream.events[0]?.type === 'hello'
  return isHello ? await stream.hello().catch(() => undefined) : undefined
}

/** Publishes one text, and sees where it arrives and how. */
async function publishCanary(
  seen: Seen,
  target: Target,
  stream: Stream,
  quiet: Stream | undefined,
): Promise<Seen> {
  const { options, background } = seen
  let global = options.serial
  // What has come so far was published by nobody.
  if (global) await pause(options.quietMs)
  for (const event of stream.events) background.hear(event)
  const canary = `canary-${randomUUID()}`
  const answer = await target.callToPublish(target.publishRequest({ data: canary })).catch(() => undefined)
  const refusal = answer === undefined ? undefined : notPublished(options, answer)
  if (refusal !== undefined) return withoutPublishing(seen, refusal)
  const fits = ({ raw }: { raw: string }) => raw.includes(canary)
  const came = await until('the canary', canaryMsMax, () => stream.events.find(fits)).catch(() => undefined)
  const beside = quiet?.events ?? []
  global ||= beside.some(fits)
  if (global && !options.serial) await pause(options.quietMs)
  for (const event of beside) if (!fits(event)) background.hear(event)
  if (!global && quiet !== undefined) learn(quiet, background)
  const arriving = came === undefined || options.data !== 'auto' ? undefined : howArrived(came.raw, canary)
  return {
    ...seen,
    arriving: arriving ?? seen.arriving,
    undelivered: came === undefined,
    options: { ...options, serial: global },
    notes: [...notesOf(arriving ?? asText), ...(global ? [serialNote] : [])],
  }
}

const serialNote = 'every stream hears every event, so cases run one after another'

function notesOf(arriving: Arriving): string[] {
  if (arriving.as === 'text') return []
  const where = arriving.path.length === 0 ? '' : ` at ${arriving.path.join('.')}`
  return [
    `a text arrives as JSON${where}, and is judged by what JSON holds (--data text judges it as it comes)`,
  ]
}

/** The default call is a guess; one that was given is meant. */
function withoutPublishing(seen: Seen, refusal: string): Seen {
  const { options } = seen
  const advice = "give the call with --publish 'POST /path' and --publish-body, or --publish none"
  if (options.publish?.named === true) throw new NoAnswer(`${refusal}: ${advice}`)
  return {
    ...seen,
    options: { ...options, publish: undefined },
    notes: [`${refusal}, so nothing is published: ${advice}`],
  }
}

/** Everything that still comes on a stream to which nobody publishes. */
function learn(stream: Stream, background: Background): void {
  stream.onEvent = event => background.hear(event)
}
