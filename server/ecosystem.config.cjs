const { randomBytes } = require('node:crypto')
const { rmSync } = require('node:fs')
const { hostname } = require('node:os')
const { ownSocketFile } = require('./dist/cluster/socket-files.js')

// What pm2-runtime runs: one Express server in WORKERS processes that share a port.
const workers = Number(process.env.WORKERS || 4)
const drainMs = Number(process.env.DRAIN_MS || 5000)

// A container that was killed has left its socket file, and nobody can listen on one that exists. Where it cannot be
// removed, the worker will say so.
if (process.env.SOCKET) {
  try {
    rmSync(ownSocketFile(process.env.SOCKET, hostname()), { force: true })
  } catch {}
}

module.exports = {
  apps: [
    {
      name: 'server',
      script: `${__dirname}/dist/main.js`,
      exec_mode: 'cluster',
      // Never "max": pm2 would count the host's cores, not the container's quota. A bad value starts one worker, which
      // then says what is wrong with it.
      instances: Number.isInteger(workers) && workers > 0 ? workers : 1,
      // A small young generation: V8's own, 16 MiB, is memory that each worker keeps once many streams came at once. A smaller
      // one saves nothing more, and is collected so often that a delivery costs more time (docs/performance.md).
      node_args: '--enable-source-maps --max-semi-space-size=4',
      // Part of every worker's name. Two servers may have one host name, as after `docker run --hostname`.
      env: { SERVER_ID: process.env.SERVER_ID || randomBytes(3).toString('hex') },

      // pm2 hands every line on to its own output. Without these two it also keeps each in files, for ever.
      out_file: '/dev/null',
      error_file: '/dev/null',

      // A worker says 'ready' when it hears the bus; without this pm2 takes it for ready when the process exists.
      wait_ready: true,
      listen_timeout: 60_000,
      // drain + 3 s to leave Redis and exit; compose's stop_grace_period is longer still.
      kill_timeout: (Number.isFinite(drainMs) ? drainMs : 5000) + 3000,
      // Bad configuration, or a taken port: starting again would fail again.
      stop_exit_codes: [78],
      exp_backoff_restart_delay: 100,

      // pm2's own agent wraps http, and counts a stream's lifetime as latency.
      pmx: false,
      vizion: false,
      source_map_support: false,
    },
  ],
}
