import { time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { before, proxyName, server, unknown } from '../layers.ts'
import type { Leave, Observations } from '../observations.ts'
import { notSeen, ok, type Check } from './check.ts'

const check = 'leave'

/** Does the server learn that a client has left, and stop its work for it? */
export const leave: Check = seen => {
  if (seen.leaves === undefined) return [notSeen(check, 'COUNT= is not given, or QUICK=1 is')]
  const [through, direct] = (['through', 'direct'] as const).map(side => {
    return seen.leaves?.find(one => one.side === side)
  })
  const problem = direct?.problem ?? through?.problem
  if (through === undefined || problem !== undefined) return [notSeen(check, problem ?? 'no stream opened')]
  const worst = [direct, through].find(one => one !== undefined && one.noticedMs === undefined)
  if (worst === undefined) {
    const own = direct === undefined ? '' : `, direct ${told(direct)}`
    return [ok(check, 'the server learns that a client has left', `${told(through)}${own}`)]
  }
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: layerOf(seen, worst),
      cause:
        worst === direct
          ? 'the server keeps the streams of clients that have left: they add up until it is full'
          : 'nobody tells the server that a client has left: its streams add up, and a worker of the layer goes with each',
      fix: fix('leave', worst === direct ? 'server' : proxyName(seen)),
      evidence: `${worst === direct ? 'direct' : 'through'} still held ${time(worst.watchedMs ?? 0)} after the clients had left${
        direct === undefined || worst === direct ? '' : `, direct ${told(direct)}`
      }`,
    },
  ]
}

function layerOf(seen: Observations, { side }: Leave): string {
  if (seen.direct === undefined) return unknown(seen)
  return side === 'direct' ? server(seen) : before(seen)
}

function told({ noticedMs }: Leave): string {
  return `noticed after ${time(noticedMs ?? 0)}`
}
