/** Positions in the model's log: milliseconds and a number, as in `1700000000000-0`. */
export function isPosition(text: string): boolean {
  return /^\d{1,15}-\d{1,6}$/.test(text)
}

export function isAbove(id: string, other: string): boolean {
  const [ms = 0, number = 0] = id.split('-').map(Number)
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number)
  return ms > otherMs || (ms === otherMs && number > otherNumber)
}

export function nextPosition(last: string): string {
  const [ms = 0, number = 0] = last.split('-').map(Number)
  const now = Date.now()
  return now > ms ? `${now}-0` : `${ms}-${number + 1}`
}
