import { inspect } from 'node:util'
import type { Mask } from './secrets.ts'

/**
 * Where facts go: `log.info({ topics: 3 }, 'draining')`. A pino logger is one, and so is `console`. Never a line per event.
 */
export type Log = Record<'debug' | 'info' | 'warn' | 'error', (details: object, text: string) => void>

/** What goes wrong, as lines on standard error: for an application that hands over no log of its own. */
export const consoleLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (details, text) => void process.stderr.write(`sse: ${text} ${inspect(details)}\n`),
  error: (details, text) => void process.stderr.write(`sse: ${text} ${inspect(details)}\n`),
}

/**
 * A log that passes on no more of an error than its words and causes. ioredis adds the command with its arguments, which are
 * the data of events, or a password; and whatever prints an error prints all that it carries.
 */
export function safeLog(log: Log, mask: Mask): Log {
  const pass = (level: keyof Log) => (details: object, text: string) => {
    const safe = 'err' in details ? { ...details, err: wordsOf(details.err, mask) } : details
    log[level](safe, mask(text))
  }
  return { debug: pass('debug'), info: pass('info'), warn: pass('warn'), error: pass('error') }
}

const causesMax = 5

function wordsOf(error: unknown, mask: Mask, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? mask(error) : `a ${typeof error}`
  const parts: unknown[] = error instanceof AggregateError ? error.errors : []
  const message = error.message || parts.map(String).join('; ')
  const cause = depth < causesMax ? wordsOf(error.cause, mask, depth + 1) : undefined
  const words = new Error(mask(message), error.cause === undefined ? {} : { cause })
  Object.assign(words, { name: error.name, ...('code' in error && { code: error.code }) })
  if (error.stack !== undefined) words.stack = mask(error.stack)
  return words
}
