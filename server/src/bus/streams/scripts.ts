import { readFileSync } from 'node:fs'

/**
 * What Redis does in one step for the streams bus. Each script says at its head what it takes and answers; README.md says
 * what the keys hold. Lua: https://redis.io/docs/latest/develop/programmability/eval-intro/
 */
export const publishScript = readScript('./publish.lua')
export const markerScript = readScript('./marker.lua')

/** How long a publish may be repeated with the same Idempotency-Key, in ms. */
export const onceMs = 120_000

/** How many keys are known at a time, in about 44 MB (docs/decisions.md). A publish with one more is refused. */
export const onceKeysMax = 200_000

/** How many of them one owner may have at a time. */
export const ownKeysMax = 5000

/** Answers of publish.lua that are no ids: the words must be those of the script. */
export const keyReused = 'key-reused'
export const tooManyKeys = 'too-many-keys'

/** Answer of marker.lua where Redis takes no entry with that id: it has given a higher one before. */
export const tooLow = 'too-low'

// The build copies *.lua beside the compiled files (server/package.json).
function readScript(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}
