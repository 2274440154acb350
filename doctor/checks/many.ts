import { fix } from '../fixes.ts'
import { notSeen, ok, type Check } from './check.ts'
import { unknown } from '../layers.ts'

const check = 'many'

export const many: Check = seen => {
  if (seen.many === undefined) return [notSeen(check, 'MANY= is not given')]
  const { wanted, opened, first } = seen.many
  if (first === undefined) return [ok(check, `${opened} streams are open at once`)]
  return [
    {
      check,
      verdict: 'BROKEN',
      layer: unknown(seen),
      cause: `not all of ${wanted} streams open: one ${first}`,
      fix: fix('many', seen.named.through),
      evidence: `${opened} streams were open`,
    },
  ]
}
