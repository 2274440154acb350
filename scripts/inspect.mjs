import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

/**
 * `node scripts/inspect.mjs [CONTAINER [PID]]`: opens the inspector of one worker, and a way to it from this machine. Without
 * arguments: the first container of the fixed side, and its first worker. docs/debugging.md says what to do then.
 */
const cwd = fileURLToPath(new URL('..', import.meta.url))
const run = (...words) => execFileSync('docker', words, { cwd, encoding: 'utf8' }).trim()
const port = 9229
const [, , given, pidGiven] = process.argv
const container = given || run('compose', 'ps', '--quiet', 'server').split('\n')[0]
const pid = pidGiven || run('exec', container, 'pgrep', '--full', 'dist/main.js').split('\n')[0]

// Node opens its inspector on SIGUSR1, for this container's own 127.0.0.1 alone.
run('exec', container, 'kill', '-USR1', pid)

// Each connection of a debugger goes through a `docker exec` of its own: it needs no port of the container, and works where
// the engine is in a virtual machine.
const pipe = `const s = require('net').connect(${port}, '127.0.0.1'); process.stdin.pipe(s).pipe(process.stdout)`
createServer(socket => {
  const child = spawn('docker', ['exec', '-i', container, 'node', '-e', pipe])
  socket.pipe(child.stdin)
  child.stdout.pipe(socket)
  for (const stream of [socket, child.stdin, child.stdout]) stream.on('error', () => socket.destroy())
  socket.on('close', () => child.kill())
}).listen(port, '127.0.0.1', () => {
  process.stdout.write(
    `worker ${pid} of ${container}: chrome://inspect, or an editor, at 127.0.0.1:${port}\n`,
  )
})
