import { createServer } from 'node:http'
import express from 'express'
import { listen } from '@sse-lab/testkit/listen.ts'
import { testAlias } from '@sse-lab/testkit/stack.ts'

/** An application beside the stream's server, in the tests' own container: empty pages, and a session in the cookie of docs/access.md. */
export type Site = AsyncDisposable & {
  port: number
  /** For `rig.nginx`: puts the application's `/session` at the stream's own address. */
  inNginx(text: string): string
}

/** Starts one. Each visit to `/session` sets the cookie anew, with what `token` gives then; without it nobody signs in. */
export async function startSite(token?: () => Promise<string>): Promise<Site> {
  const page = '<!doctype html><title>page</title>'
  const app = express()
  app.get('/', (_request, response) => void response.send(page))
  if (token !== undefined)
    app.get('/session', async (_request, response) => {
      const cookie = `__Host-sse=${await token()}; HttpOnly; Secure; SameSite=Strict; Path=/`
      response.set('Set-Cookie', cookie).send(page)
    })
  const server = createServer(app)
  const port = await listen(server)
  const place = `location = /session { proxy_pass http://${testAlias}:${port}; }`
  return {
    port,
    inNginx: text => text.replace('    location / {', `    ${place}\n\n    location / {`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
