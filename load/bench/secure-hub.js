import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createSse } from '@sse-lab/server'
import express from 'express'
import { Redis } from 'ioredis'

// The lab's package in a server that ends TLS itself, for HTTP/1.1 and HTTP/2, as an application without a proxy would have it. It
// stands here to be measured.
const sse = createSse({ redis: process.env.REDIS_URL, connectionsMax: 20_000 })
const redis = new Redis(process.env.REDIS_URL)

const cert = readFileSync('/tmp/certificate.pem')
const key = readFileSync('/tmp/key.pem')
const server = createSecureServer({ allowHTTP1: true, cert, key }, (request, response) => {
  if (request.method === 'GET') void sse.stream(request, response)
  else void sse.receive(request, response)
})
await sse.untilReady()
await new Promise(resolve => server.listen(Number(process.env.PORT), '127.0.0.1', 4096, resolve))

// What the bench asks for: how many of them are ready.
await redis.sadd('ready', process.pid)
const operators = express()
operators.get('/api/workers', async (_request, response) => {
  const count = await redis.scard('ready')
  response.json({ workers: Array.from({ length: count }, () => ({ ready: true })) })
})
operators.listen(Number(process.env.ADMIN_PORT), '127.0.0.1')
