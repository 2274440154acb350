/**
 * Acts every `ms`, until the function that it returns is called. Never two at a time: a slow round delays the next one instead
 * of piling up behind it.
 */
export function every(ms: number, act: () => Promise<void> | void): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    void Promise.resolve(act()).then(() => (busy = false))
  }, ms)
  return () => clearInterval(timer)
}
