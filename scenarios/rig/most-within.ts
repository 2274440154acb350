/** The most of the sorted times that lie within `ms` of each other. */
export function mostWithin(times: readonly number[], ms: number): number {
  let most = 0
  let first = 0
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? 0) >= ms) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}
