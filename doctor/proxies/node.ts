import type { Program, Proxy } from './proxy.ts'

// The header of an answer waits in Node until there is a body, and an answer that breaks off is not passed on as broken.
const cure = `p.on('close', () => p.complete || res.destroy()); setImmediate(() => res.flushHeaders())`

const modules = new URL('../', import.meta.url).href

function middleware(port: number, server: number, line: string): Program {
  const text = `import { createRequire } from 'node:module'
const require = createRequire(${JSON.stringify(modules)})
const express = require('express')
const { createProxyMiddleware } = await import(require.resolve('http-proxy-middleware'))
const app = express()
app.use(createProxyMiddleware({ target: 'http://127.0.0.1:${server}', on: { ${line} } }))
app.listen(${port}, '127.0.0.1')
`
  return { files: { 'proxy.mjs': text }, command: [process.execPath, 'proxy.mjs'] }
}

function vite(port: number, server: number, line: string): Program {
  const text = `import { createRequire } from 'node:module'
const require = createRequire(${JSON.stringify(modules)})
const { createServer } = await import(require.resolve('vite'))
const target = 'http://127.0.0.1:${server}'
const configure = proxy => { ${line} }
const server = await createServer({
  configFile: false, root: '.', logLevel: 'silent', optimizeDeps: { noDiscovery: true },
  server: { host: '127.0.0.1', port: ${port}, strictPort: true, hmr: false, watch: null, proxy: { '/': { target, configure } } },
})
await server.listen()
`
  return { files: { 'proxy.mjs': text }, command: [process.execPath, 'proxy.mjs'] }
}

export const middlewareProxy: Proxy = {
  name: 'http-proxy-middleware',
  from: 'npm',
  symptom: 'onopen comes with the first event: the headers wait for it',
  broken: {
    expects: ['held headers'],
    line: '',
    programs: ({ own, server }) => [middleware(own, server, '')],
  },
  mended: {
    expects: [],
    line: `on: { proxyRes: (p, req, res) => { ${cure} } }`,
    programs: ({ own, server }) => [middleware(own, server, `proxyRes: (p, req, res) => { ${cure} }`)],
  },
}

export const viteProxy: Proxy = {
  name: 'Vite, server.proxy',
  from: 'npm',
  symptom: 'onopen comes with the first event, and the stream outlives its server',
  broken: {
    expects: ['held headers', 'dead upstream'],
    line: '',
    programs: ({ own, server }) => [vite(own, server, '')],
  },
  mended: {
    expects: [],
    line: `configure: proxy => proxy.on('proxyRes', (p, req, res) => { ${cure} })`,
    programs: ({ own, server }) => [vite(own, server, `proxy.on('proxyRes', (p, req, res) => { ${cure} })`)],
  },
}
