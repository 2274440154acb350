import { pino, type Logger } from 'pino'
import type { Config } from './config.ts'
import type { WorkerName } from './event.ts'

export type Log = Logger

/** JSON lines on standard output. Facts, never a line per event: every line of a worker crosses the pm2 process. */
export function openLog({ logLevel }: Config, { worker, pid }: WorkerName): Log {
  return pino({ level: logLevel, base: { worker, pid }, timestamp: pino.stdTimeFunctions.isoTime })
}
