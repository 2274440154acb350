/** The middle of the numbers, or undefined where there are none. */
export function median(numbers: number[]): number | undefined {
  return quantile(numbers, 0.5)
}

export function quantile(numbers: number[], part: number): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))]
}

/** A time as a person reads it: `12 ms`, `1.02 s`, `60.1 s`. */
export function time(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

export function size(bytes: number): string {
  return bytes < 10_000 ? `${bytes.toLocaleString('en')} B` : `${(bytes / 1000).toFixed(1)} kB`
}
