export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Resolves with true as soon as `holds` does, with false if it does not within `withinMs`. */
export async function until(withinMs: number, holds: () => boolean): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (!holds()) {
    if (Date.now() > deadline) return false
    await pause(50)
  }
  return true
}
