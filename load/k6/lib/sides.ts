import { readGiven } from './given.ts'

/** One server under load, and what is expected of it. */
export type Side = {
  name: string
  url: string
  /** `delivery`: every event reaches every stream. `loss`: the memory bus loses what theory foretells, and not nothing. */
  expects: 'delivery' | 'loss'
  /** Whether silent streams outlive the proxy's timeout, or are cut by it. */
  quiet: 'lives' | 'cut'
}

// As seen from inside the compose network: the host's port passes a user-space copy that has limits of its own.
const sides = (env: Record<string, string | undefined>): Record<string, Side> => ({
  fixed: { name: 'fixed', url: env.FIXED_URL || 'http://nginx', expects: 'delivery', quiet: 'lives' },
  broken: { name: 'broken', url: env.BROKEN_URL || 'http://nginx:8081', expects: 'loss', quiet: 'cut' },
})

/**
 * The sides of a run: SIDES=fixed,broken names those of the lab (FIXED_URL and BROKEN_URL
 * where they are elsewhere). URL=http://… or STREAM_URL=http://… is any other server; of it everything is expected, so that
 * it fails where it does not hold. Throws an error that says what to choose.
 */
export function readSides(env: Record<string, string | undefined>): Side[] {
  const given = readGiven(env)
  if (given !== undefined)
    return [{ name: 'given', url: env.URL || given.streamUrl, expects: 'delivery', quiet: 'lives' }]
  const known = sides(env)
  return (env.SIDES || 'fixed').split(',').map(name => {
    const side = known[name]
    if (side === undefined)
      throw new Error(`SIDES must be of ${Object.keys(known).join(', ')} (got "${name}")`)
    return side
  })
}
