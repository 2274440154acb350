import { format } from 'node:util'
import { pino, type DestinationStream, type Logger } from 'pino'
import type { Config } from '../config.ts'
import type { WorkerName } from '../event.ts'
import { RepeatedFact } from './repeated-fact.ts'
import { createMask, type Mask } from './secrets.ts'

export type Log = Logger

/** JSON lines on standard output. Facts, never a line per event: every line of a worker crosses the pm2 process. */
export function openLog(
  { logLevel, redisUrl }: Pick<Config, 'logLevel' | 'redisUrl'>,
  { worker, pid }: Pick<WorkerName, 'worker' | 'pid'>,
  out?: DestinationStream,
): Log {
  const options = {
    level: logLevel,
    base: { worker, pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    // Whatever put it there, no password leaves with a line.
    hooks: { streamWrite: createMask(redisUrl) satisfies Mask },
  }
  return out === undefined ? pino(options) : pino(options, out)
}

/** What libraries say with `console` (ioredis: at each connection) becomes lines of the log, with its bounds. */
export function takeConsole(log: Log): void {
  const said = new RepeatedFact(log, { text: 'a library says something' })
  const say = (...words: unknown[]): void => {
    const text = format(...words)
    said.happened({ said: text }, text)
  }
  Object.assign(console, { warn: say, error: say })
}

type ErrorFields = { type: string; message: string; stack?: string; code?: unknown; cause?: unknown }

const causesMax = 5

// Not all that an error carries, as pino would: ioredis adds the command with its arguments, which are the data of events,
// or a password.
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' ? 'not an error' : error
  const { name, message, stack, cause } = error
  // Node tries all addresses of a name, and the sum of their errors has no message of its own.
  const parts: unknown[] = error instanceof AggregateError ? error.errors : []
  const fields: ErrorFields = {
    type: name,
    message: message || parts.map(part => (part instanceof Error ? part.message : String(part))).join('; '),
  }
  if (stack !== undefined) fields.stack = stack
  if ('code' in error) fields.code = error.code
  if (cause !== undefined && depth < causesMax) fields.cause = describeError(cause, depth + 1)
  return fields
}
