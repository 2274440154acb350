import type { Observations } from '../observations.ts'
import { caching, connections, contentType, cors, reach } from './answer.ts'
import { largeEvents } from './big.ts'
import { bytes } from './bytes.ts'
import { notSeen, type Check, type Finding } from './check.ts'
import { compression } from './compression.ts'
import { cut } from './cut.ts'
import { steadyDelay } from './delay.ts'
import { heartbeat } from './heartbeat.ts'
import { heldHeaders } from './headers.ts'
import { heldEvents } from './held.ts'
import { leave } from './leave.ts'
import { many } from './many.ts'
import { resume } from './resume.ts'
import { deadUpstream, refusal } from './strike.ts'
import { workers } from './workers.ts'

const checks: Check[] = [
  reach,
  contentType,
  heldEvents,
  heldHeaders,
  compression,
  steadyDelay,
  largeEvents,
  cut,
  heartbeat,
  bytes,
  resume,
  workers,
  refusal,
  deadUpstream,
  leave,
  many,
  caching,
  connections,
  cors,
]

/** What follows from what: beside a red of the first, a red of the others is the same fault once more. */
const consequences: Record<string, string[]> = {
  'held events': ['held headers', 'held by compression', 'steady delay', 'large events', 'cut'],
  cut: ['heartbeat'],
}

const order = ['BROKEN', 'RISK', 'ok', 'not seen']

/** All findings, what is broken first, each fault once. */
export function diagnose(seen: Observations): Finding[] {
  const found = checks.flatMap(check => check(seen))
  const broken = found.filter(({ verdict }) => verdict === 'BROKEN').map(({ check }) => check)
  return found
    .map(finding => {
      const cause = broken.find(check => consequences[check]?.includes(finding.check))
      const red = finding.verdict === 'BROKEN' || finding.verdict === 'RISK'
      return red && cause !== undefined ? notSeen(finding.check, `follows from: ${cause}`) : finding
    })
    .toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
}
