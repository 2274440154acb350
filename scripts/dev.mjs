import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * `npm run dev`: one worker on PORT that starts anew at each change of its source, and Vite's page in front of it, which
 * changes in the browser as you save it. Without Docker and without Redis; with REDIS_URL the worker uses the streams bus.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const env = {
  ...process.env,
  PORT: process.env.PORT || '3000',
  // Streams end at each change: 5 s of drain would be 5 s of waiting.
  DRAIN_MS: process.env.DRAIN_MS || '200',
}

const commands = [
  ['node', '--watch', '--watch-preserve-output', '--enable-source-maps', 'server/src/main.ts'],
  ['node_modules/.bin/vite', 'client'],
]
const children = commands.map(([file, ...args]) => spawn(file, args, { cwd: root, env, stdio: 'inherit' }))

const stop = () => {
  for (const child of children) child.kill()
}
// A terminal sends Ctrl-C to the children as well; whoever sends a signal to this process alone means all three.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop)
// One without the other is of no use.
await Promise.race(children.map(child => once(child, 'exit')))
stop()
