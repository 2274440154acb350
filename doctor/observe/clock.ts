/** Milliseconds since the run began: the one clock of all observations. */
export type Clock = () => number

export function startClock(): Clock {
  const begun = performance.now()
  return () => performance.now() - begun
}
