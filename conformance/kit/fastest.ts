/** How often something that must be fast is tried before it counts as slow: a machine that was busy once is no fault. */
const tries = 3

/** The shortest time in ms that `act` took in up to three tries; it ends with the first that is short enough. */
export async function fastestMs(enoughMs: number, act: () => Promise<number>): Promise<number> {
  let fastest = Infinity
  for (let n = 0; n < tries && fastest > enoughMs; n++) fastest = Math.min(fastest, await act())
  return fastest
}
