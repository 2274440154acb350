import { disagree } from './config-agreements.ts'
import { environment, type Environment } from './environment.ts'
import { maskValue } from './observe/secrets.ts'

/** Thrown by readConfig. Its text names every bad variable, so that one start is enough to mend them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

// LOG_EVENTS_MAX is logEventsMax in the code.
type Camel<Name extends string> = Name extends `${infer Word}_${infer Rest}`
  ? `${Lowercase<Word>}${Capitalize<Camel<Rest>>}`
  : Lowercase<Name>

/** The knobs of a worker, as `environment` names and describes them. */
export type Config = { [Name in keyof Environment as Camel<Name>]: Environment[Name] } & {
  bus: 'memory' | 'pubsub' | 'streams'
}

/**
 * Reads the configuration from environment variables. An empty variable counts as absent.
 * Throws one ConfigError that lists every bad variable with what it must be and its value, without passwords.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const read: Record<string, unknown> = {}
  const wrong: string[] = []
  for (const [name, schema] of Object.entries(environment)) {
    const given = env[name] === '' ? undefined : env[name]
    const { success, data, error } = schema.safeParse(given)
    if (success) read[name] = data
    else wrong.push(`${name} ${error.issues[0]?.message}${got(name, given)}`)
  }
  wrong.push(...disagree(read))
  if (wrong.length > 0) throw new ConfigError(`config: ${wrong.join('; ')}`)

  // Without Redis the memory bus is the only one there is; with it, the one that reaches every worker.
  read.BUS ??= read.REDIS_URL === undefined ? 'memory' : 'streams'
  const named = Object.entries(read).map(([name, value]) => [camel(name), value])
  // Every variable was read, or we would not be here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(named) as Config
}

function camel(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

// A password must not be in a log, not even one that was written wrongly.
function got(name: string, given: string | undefined): string {
  return name === 'REDIS_URL' ? ' (its value is not shown)' : ` (got "${maskValue(given ?? '')}")`
}
