/**
 * Measures up to three times, and returns the first result that is as theory says, or else the last. For figures that a stall
 * of the machine can only spoil, never improve. `measure` is told which time it is, from 1 on.
 */
export async function upToThree<Result>(
  measure: (time: number) => Promise<Result>,
  isExpected: (result: Result) => boolean,
): Promise<Result> {
  for (let time = 1; ; time += 1) {
    const result = await measure(time)
    if (time === 3 || isExpected(result)) return result
  }
}
