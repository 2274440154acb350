import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type { Strike } from '../observations.ts'
import type { Question } from './ask.ts'
import type { Clock } from './clock.ts'
import { fetchHead } from './fetch-head.ts'
import type { Recorder } from './recorder.ts'

const everyMs = 250
// A deploy takes minutes. Whoever's takes longer sees what clients met until then.
const commandMsMax = 300_000

/**
 * Runs the command while streams are open, and asks for a new stream again and again, as clients do, until the server is back
 * for 5 s or `watchMs` are over since the command was done.
 */
export async function strike(
  command: string,
  question: Question,
  streams: Recorder[],
  watchMs: number,
  clock: Clock,
): Promise<Strike> {
  const open = streams.filter(stream => stream.open)
  const atMs = clock()
  let doneAtMs: number | undefined
  let exit = -1
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'] })
  child.once('exit', code => {
    doneAtMs = clock()
    exit = code ?? -1
  })
  const answers: Strike['answers'] = []
  let wellSince = atMs
  const watching = () =>
    doneAtMs === undefined ? clock() - atMs < commandMsMax : clock() - doneAtMs < watchMs
  while (watching()) {
    const askedAtMs = clock()
    const { status, headers, failure } = await fetchHead(question, 2000)
    const answer = {
      atMs: askedAtMs,
      ...(status === undefined ? {} : { status, type: headers['content-type'] ?? '' }),
      ...(failure === undefined ? {} : { failure }),
    }
    const last = answers.at(-1)
    if (last === undefined || last.status !== status || last.failure?.kind !== failure?.kind)
      answers.push(answer)
    if (status !== 200) wellSince = clock()
    const told = open.every(stream => !stream.open)
    if (doneAtMs !== undefined && told && clock() - Math.max(wellSince, doneAtMs) > 5000) break
    await pause(everyMs)
  }
  const toldOf = (side: 'through' | 'direct') =>
    open.filter(({ recording }) => recording.side === side).map(({ recording }) => recording.end?.atMs)
  return {
    atMs,
    doneAtMs: doneAtMs ?? clock(),
    exit,
    told: { through: toldOf('through'), direct: toldOf('direct') },
    answers,
    watchedUntilMs: clock(),
  }
}
