import { read } from '../events.ts'
import { server, streamsOf, unknown } from '../layers.ts'
import { notSeen, ok, type Check, type Finding } from './check.ts'

const check = 'bytes'

const causes: readonly (readonly [
  pattern: RegExp,
  verdict: 'BROKEN' | 'RISK',
  cause: string,
  fix: string,
])[] = [
  [
    /a field that nobody knows/,
    'BROKEN',
    'a line that is no field, which browsers drop: the data probably has a line break in it',
    'split data at line breaks, and write each line with data: before it',
  ],
  [/not UTF-8/, 'BROKEN', 'bytes that are not UTF-8 arrive as \uFFFD', 'encode the stream as UTF-8'],
  [
    /event without data/,
    'RISK',
    'an event without data, which browsers never dispatch',
    'write data: even where it is empty',
  ],
  [/retry that is no number/, 'RISK', 'a retry that is no number, which browsers ignore', 'retry: 3000'],
  [/NUL/, 'RISK', 'an id with NUL, which browsers ignore', 'take NUL out of ids'],
  [/BOM/, 'BROKEN', 'a BOM in the middle of the stream hides the field behind it', 'write no BOM'],
]

/** Does a reader that forgives nothing take every line? One finding for each cause. */
export const bytes: Check = seen => {
  const side = seen.direct === undefined ? 'through' : 'direct'
  const reads = streamsOf(seen, side, 'plain').map(read)
  if (reads.every(({ events, comments }) => events.length + comments === 0)) {
    return [notSeen(check, 'nothing came to read')]
  }
  const violations = reads.flatMap(one => one.violations)
  const findings = causes.flatMap(([pattern, verdict, cause, fix]): Finding[] => {
    const found = violations.filter(text => pattern.test(text))
    if (found.length === 0) return []
    const layer = seen.direct === undefined ? unknown(seen) : server(seen)
    return [{ check, verdict, layer, cause, fix, evidence: `${found.length} times, like ${found[0] ?? ''}` }]
  })
  if (findings.length > 0) return findings
  const events = Math.max(...reads.map(one => one.events.length))
  return [ok(check, 'a strict reader takes every line', `${events} events on one stream`)]
}
