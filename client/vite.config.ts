import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { defineConfig, type ProxyOptions } from 'vite'

// `npm run dev`: the page comes from here, and its calls go on to the worker.
const toWorker: ProxyOptions = {
  target: `http://127.0.0.1:${process.env.PORT || '3000'}`,
  configure: proxy => {
    // The worker starts anew at each change. Vite would answer 500, and end an EventSource for good: as in
    // nginx/streaming.conf, a stream is told to come back.
    proxy.on('error', (_error, request, response) => {
      if (!isResponse(response) || response.headersSent) return
      if (request.method === 'GET' && request.url?.startsWith('/events'))
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('retry: 500\n')
      else response.writeHead(503, { 'Retry-After': '1' }).end()
    })
    // A worker that dies takes its streams with it. Without this, Vite leaves the browser's open, and EventSource waits for ever.
    proxy.on('proxyRes', (answer, _request, response) => {
      answer.on('close', () => answer.complete || response.destroy())
    })
  },
}

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

function isResponse(response: object): response is ServerResponse {
  return 'writeHead' in response
}

// oxlint-disable-next-line import/no-default-export -- Vite reads its configuration from the default export.
export default defineConfig({
  define: { LAB_VERSION: JSON.stringify(version) },
  server: { proxy: { '^/(events|api|healthz|readyz|metrics)': toWorker } },
  build: {
    // The server sends `default-src 'self'`. An inlined script, style or data: URL would be refused by the browser.
    modulePreload: false,
    assetsInlineLimit: 0,
    target: 'es2022',
  },
})
