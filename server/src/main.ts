import { leavePrimary, nameWorker, tellReady } from './cluster/pm2.ts'
import { ConfigError, readConfig } from './config.ts'
import { openLog, takeConsole } from './observe/log.ts'
import { createMask } from './observe/secrets.ts'
import { readSecretFiles } from './secret-files.ts'
import { startWorker } from './worker.ts'

// sysexits.h: a start that fails for this will fail again. ecosystem.config.cjs tells pm2 not to repeat it.
const exitConfig = 78

let mask = createMask(process.env.REDIS_URL)

async function main(): Promise<void> {
  const env = readSecretFiles(process.env)
  mask = createMask(env.REDIS_URL)
  const config = readConfig(env)
  const name = nameWorker(config.serverId, process.env.NODE_APP_INSTANCE)
  const log = openLog(config, name)
  takeConsole(log)
  // In a pm2 cluster worker an unhandled rejection is only logged, and a worker that serves nothing stays "online". Node
  // itself would print all that an error carries, as the arguments of a command.
  for (const kind of ['unhandledRejection', 'uncaughtException'])
    process.on(kind, (error: unknown) => {
      log.fatal({ err: error }, `${kind}: the worker ends`)
      process.exit(1)
    })

  const worker = await startWorker(config, name, log)
  tellReady()
  const leave = async (): Promise<void> => {
    await worker.drain()
    await leavePrimary()
    process.exit(0)
  }
  let leaving: Promise<void> | undefined
  // pm2 sends SIGINT; a terminal does so too; everything else sends SIGTERM.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void (leaving ??= leave()))
}

main().catch((error: unknown) => {
  const isConfig = error instanceof ConfigError
  const text = isConfig ? error.message : mask(String(error instanceof Error ? error.stack : error))
  process.stderr.write(`${text}\n`)
  process.exit(isConfig ? exitConfig : 1)
})
