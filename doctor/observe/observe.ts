import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { unjudgeable } from '../checks/reach.ts'
import { read } from '../events.ts'
import type { Observations, Published, Recording, Side } from '../observations.ts'
import type { Options } from '../options.ts'
import type { Question } from './ask.ts'
import { startClock, type Clock } from './clock.ts'
import { streamsHeld } from './count.ts'
import { fetchHead } from './fetch-head.ts'
import { leave } from './leave.ts'
import { openMany } from './open-many.ts'
import { nameLayer } from './name.ts'
import { publish } from './publish.ts'
import { Recorder } from './recorder.ts'
import { comeBack } from './returning.ts'
import { strike } from './run-strike.ts'

/** Nothing can be judged: the address, the certificate or the answer is not one of a stream. One line says which. */
export class CannotJudge extends Error {
  override readonly name = 'CannotJudge'
}

type Streams = {
  side: Side
  question: Question
  plain: Recorder[]
  packed: Recorder[]
  younger: Recorder[]
  late: Recorder[]
}

const pollMs = 50
// Eight streams on four workers miss one of them once in a hundred runs; without publishing, four are enough to compare.
const heard = 8
const compared = 4
const publishes = 8
const bigBytes = 6000
// Later than a busy machine makes a stream that was opened with the others.
const youngerMs = 1500

/** Opens the streams side by side and writes down what comes. Throws CannotJudge. */
export async function observe(options: Options, say: (text: string) => void): Promise<Observations> {
  const leaves = await leaveAll(options, say)
  const clock = startClock()
  const sides = openAll(options, clock)
  try {
    say(`compares for ${options.windowMs / 1000} s`)
    const named = names(options)
    const published = publishAll(options, clock)
    await watch(sides, options.windowMs, clock)
    const window = { fromMs: 0, toMs: clock() }
    say('comes back with a last id')
    openLate(sides, clock)
    const returns = await returnAll(sides, clock)
    await sitOut(sides, options.quietMs, clock, say)
    const struck = options.strike === undefined ? undefined : await strikeAll(options, sides, clock, say)
    const endedAtMs = struck?.atMs ?? clock()
    for (const stream of all(sides)) stream.close()
    return {
      url: options.through.url.href,
      direct: options.direct?.url.href,
      method: options.through.method,
      window,
      quietMs: options.quietMs,
      endedAtMs,
      streams: all(sides).map(({ recording }) => recording),
      named: await named,
      published: await published,
      returns,
      strike: struck,
      leaves,
      cors: await askCors(options),
      many: options.many === 0 ? undefined : await openMany(options.through, options.many, clock),
    }
  } finally {
    for (const stream of all(sides)) stream.close()
  }
}

function openAll({ through, direct, publish: call }: Options, clock: Clock): Streams[] {
  // An answer to a POST may cost money.
  const posts = through.method !== 'GET'
  const count = posts ? 1 : call === undefined ? compared : heard
  const open = (side: Side, question: Question): Streams => ({
    side,
    question,
    plain: Array.from({ length: count }, () => new Recorder(question, side, 'plain', clock)),
    packed: Array.from({ length: posts ? 1 : compared }, () => new Recorder(question, side, 'packed', clock)),
    younger: [],
    late: [],
  })
  const sides = [open('through', through)]
  if (direct !== undefined) sides.push(open('direct', direct))
  return sides
}

function all(sides: Streams[]): Recorder[] {
  return sides.flatMap(({ plain, packed, younger, late }) => [...plain, ...packed, ...younger, ...late])
}

/** Waits for the comparison's end, and leaves as soon as an answer says that there is nothing to judge. */
async function watch(sides: Streams[], ms: number, clock: Clock): Promise<void> {
  while (clock() < ms) {
    if (clock() > Math.min(youngerMs, ms / 3)) openYounger(sides, clock)
    for (const { side, plain, question } of sides) {
      const why = plain.map(({ recording }) => unjudgeable(recording))
      // One of several that is refused is a limit on their number, not the address.
      if (why.every(text => text !== undefined)) {
        throw new CannotJudge(`${side === 'direct' ? 'DIRECT ' : ''}${question.url.href} ${why[0] ?? ''}`)
      }
    }
    if (all(sides).every(stream => !stream.open)) return
    await pause(pollMs)
  }
}

function openYounger(sides: Streams[], clock: Clock): void {
  for (const { question, side, younger } of sides) {
    if (question.method === 'GET' && younger.length === 0)
      younger.push(new Recorder(question, side, 'younger', clock))
  }
}

async function names({ through, direct }: Options): Promise<Observations['named']> {
  const [first, second] = await Promise.all([
    nameLayer(through),
    direct === undefined ? undefined : nameLayer(direct),
  ])
  return { through: first, direct: second }
}

async function publishAll(options: Options, clock: Clock): Promise<Published[] | undefined> {
  const { publish: call, through } = options
  if (call === undefined) return undefined
  const run = randomBytes(4).toString('hex')
  const done: Promise<Published>[] = []
  await pause(options.windowMs / 8)
  for (let place = 0; place < publishes; place += 1) {
    done.push(publish(call, `doctor-${run}-${place}`, through, clock))
    await pause(options.windowMs / 20)
  }
  // Nothing follows it: what its end waits for does not come.
  done.push(publish(call, `big-${run}-${'x'.repeat(bigBytes)}`, through, clock))
  return await Promise.all(done)
}

/** From here on two streams of each side are enough, and one that is younger than they are. */
function openLate(sides: Streams[], clock: Clock): void {
  for (const { plain, packed, younger, late, question, side } of sides) {
    if (question.method !== 'GET') continue
    for (const stream of [...plain.slice(2), ...packed, ...younger]) stream.close()
    late.push(new Recorder(question, side, 'late', clock))
  }
}

async function returnAll(sides: Streams[], clock: Clock): Promise<Observations['returns']> {
  const returns = sides.map(async ({ question, side, plain }) => {
    if (question.method !== 'GET') return []
    const ids = plain.flatMap(({ recording }) => idsOf(recording))
    // The oldest: whatever came after it is to be sent again.
    return await comeBack(question, side, ids[0], clock)
  })
  return (await Promise.all(returns)).flat()
}

function idsOf(recording: Recording): string[] {
  return read(recording)
    .events.map(({ id }) => id)
    .filter(id => id !== '')
}

async function sitOut(
  sides: Streams[],
  quietMs: number,
  clock: Clock,
  say: (text: string) => void,
): Promise<void> {
  const endMs = clock() + quietMs
  const through = sides.slice(0, 1)
  let nextMs = 0
  while (clock() < endMs && all(through).some(stream => stream.open)) {
    if (clock() > nextMs) {
      say(`waits for a cut, ${Math.ceil((endMs - clock()) / 1000)} s more (QUICK=1 skips this)`)
      nextMs = clock() + 10_000
    }
    await pause(pollMs)
  }
}

async function strikeAll(
  { strike: command = '', strikeMs, through }: Options,
  sides: Streams[],
  clock: Clock,
  say: (text: string) => void,
): Promise<Observations['strike']> {
  // The streams so far may have been cut by now.
  const fresh = sides.flatMap(({ question, side, late }) => {
    const opened = [1, 2, 3].map(() => new Recorder(question, side, 'late', clock))
    late.push(...opened)
    return opened
  })
  await pause(1500)
  say(`strikes, and looks on for up to ${strikeMs / 1000} s after that`)
  return await strike(command, through, fresh, strikeMs, clock)
}

/** Before anything else is open: what is left behind would change the count later. */
async function leaveAll(
  { through, direct, count: place, leaveMs }: Options,
  say: (text: string) => void,
): Promise<Observations['leaves']> {
  if (place === undefined || leaveMs === 0 || through.method !== 'GET') return undefined
  say(`opens streams and leaves them; the server has ${leaveMs / 1000} s to notice`)
  const clock = startClock()
  const held = () => streamsHeld(place, direct ?? through)
  const leaves = direct === undefined ? [] : [await leave(direct, 'direct', held, leaveMs, clock)]
  return [...leaves, await leave(through, 'through', held, leaveMs, clock)]
}

async function askCors({ origin, through }: Options): Promise<Observations['cors']> {
  if (origin === undefined) return undefined
  const headers = { ...through.headers, origin }
  const answer = await fetchHead({ ...through, headers }, 3000)
  return { origin, allowed: answer.headers['access-control-allow-origin'] }
}
