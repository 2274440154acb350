export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Resolves as soon as `holds` does, or after `withinMs`: what does not hold then is for the verdict to say. */
export async function until(withinMs: number, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds() && Date.now() < deadline) await pause(50)
}
