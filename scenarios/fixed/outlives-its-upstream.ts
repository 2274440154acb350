import { createServer } from 'vite'

// The lab's own configuration, which looks for its worker on PORT.
const port = Number(process.env.PORT)
process.env.PORT = process.env.WORKER_PORT
const server = await createServer({
  root: 'client',
  logLevel: 'silent',
  optimizeDeps: { noDiscovery: true },
  server: { host: '0.0.0.0', port, hmr: false, watch: null },
})
await server.listen()
