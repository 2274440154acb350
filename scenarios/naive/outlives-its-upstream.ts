import { createServer } from 'vite'

// The proxy of Vite as its manual has it: a target, and nothing else.
const server = await createServer({
  configFile: false,
  logLevel: 'silent',
  optimizeDeps: { noDiscovery: true },
  server: {
    host: '0.0.0.0',
    port: Number(process.env.PORT),
    hmr: false,
    watch: null,
    proxy: { '/': `http://127.0.0.1:${process.env.WORKER_PORT}` },
  },
})
await server.listen()
