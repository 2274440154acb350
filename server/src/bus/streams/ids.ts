/**
 * Ids of a Redis stream, `<ms>-<sequence>`: two numbers of 64 bits, without leading zeros. Everywhere else an id is opaque.
 * https://redis.io/docs/latest/develop/data-types/streams/#entry-ids
 */
const pattern = /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,19})$/
const sequenceMax = 2n ** 64n - 1n

export const firstId = '0-0'
export const highestId = `${sequenceMax}-${sequenceMax}`

export function isId(text: string): boolean {
  return pattern.test(text)
}

/** Below 0 if `a` comes before `b`. As text 9-0 would come after 10-0; as JavaScript numbers the large ones would be equal. */
export function compareIds(a: string, b: string): number {
  const [aMs, aSequence] = halves(a)
  const [bMs, bSequence] = halves(b)
  return compareDigits(aMs, bMs) || compareDigits(aSequence, bSequence)
}

export function idAbove(id: string): string {
  const [ms, sequence] = halves(id)
  return BigInt(sequence) < sequenceMax ? `${ms}-${BigInt(sequence) + 1n}` : `${BigInt(ms) + 1n}-0`
}

/** The position that only `id` and what follows it come after. */
export function idBelow(id: string): string {
  const [ms, sequence] = halves(id)
  if (BigInt(sequence) > 0n) return `${ms}-${BigInt(sequence) - 1n}`
  return BigInt(ms) > 0n ? `${BigInt(ms) - 1n}-${sequenceMax}` : firstId
}

/** When Redis took the event, by its own clock (ms since the epoch). */
export function idTime(id: string): number {
  return Number(halves(id)[0])
}

function halves(id: string): [ms: string, sequence: string] {
  const dash = id.indexOf('-')
  return [id.slice(0, dash), id.slice(dash + 1)]
}

// Without leading zeros the longer one is the greater.
function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a === b ? 0 : a < b ? -1 : 1)
}
