import { time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { before, proxyName, unknown } from '../layers.ts'
import type { Observations, Strike } from '../observations.ts'
import { notSeen, ok, type Check } from './check.ts'

const toldMsMax = 10_000

/** Can a client come back after what it was told while the server was away? */
export const refusal: Check = seen => {
  const check = 'refusal'
  if (seen.strike === undefined) return [notSeen(check, 'STRIKE= is not given')]
  const { answers, atMs } = seen.strike
  const fatal = answers.find(({ status, type }) => {
    return status !== undefined && (status !== 200 || !type?.startsWith('text/event-stream'))
  })
  if (fatal === undefined) return [ok(check, 'no answer ended an EventSource for good', list(seen.strike))]
  return [
    {
      check,
      verdict: 'RISK',
      layer: seen.direct === undefined ? unknown(seen) : before(seen),
      cause: `while the server was away, clients got ${fatal.status ?? 'no'} ${fatal.type || 'without a type'}: an EventSource does not come back after that`,
      fix: fix('refusal', proxyName(seen)),
      evidence: `${time(fatal.atMs - atMs)} after the strike; ${list(seen.strike)}`,
    },
  ]
}

/** Is a client told when the server behind the proxy is gone? */
export const deadUpstream: Check = seen => {
  const check = 'dead upstream'
  if (seen.strike === undefined) return [notSeen(check, 'STRIKE= is not given')]
  const { told, watchedUntilMs } = seen.strike
  const gone = goneAt(seen, seen.strike)
  if (told.through.length === 0) return [notSeen(check, 'no stream was open when it was struck')]
  if (gone === undefined) return [notSeen(check, 'the server was not seen to be gone')]
  const never = told.through.filter(at => at === undefined).length
  const slowest = Math.max(...told.through.map(at => (at ?? watchedUntilMs) - gone))
  if (never === 0 && slowest < toldMsMax) {
    return [ok(check, 'clients are told when the server is gone', `within ${time(Math.max(0, slowest))}`)]
  }
  const watchedMs = watchedUntilMs - gone
  if (watchedMs < toldMsMax) {
    return [notSeen(check, `watched for ${time(watchedMs)} only after the server was gone`)]
  }
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: before(seen),
      cause: 'the stream outlives its server: nobody tells the client, and EventSource waits for ever',
      fix: fix('outlives', proxyName(seen)),
      evidence: `${never} of ${told.through.length} streams still open ${time(watchedMs)} after the server was gone`,
    },
  ]
}

/** When the server was gone: by its own streams, else by the first answer that was none of its own. */
function goneAt(seen: Observations, { told, answers }: Strike): number | undefined {
  if (seen.direct !== undefined) {
    const times = told.direct.filter(at => at !== undefined)
    return times.length === told.direct.length && times.length > 0 ? Math.max(...times) : undefined
  }
  return answers.find(({ status, failure }) => failure !== undefined || (status ?? 0) >= 500)?.atMs
}

function list({ answers }: Strike): string {
  return answers.map(({ status, failure }) => status ?? failure?.kind ?? 'no answer').join(', ')
}
