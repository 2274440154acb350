import { createServer } from 'node:http'
import { listen } from '@sse-lab/testkit/listen.ts'
import { naive } from '../test/naive.ts'

/** The server behind the proxies, as a process that can be killed: says its port, and serves. Its argument is what it does, see `Naive`. */
const { app } = naive(JSON.parse(process.argv[2] ?? '{}'))
app.get('/ready', (_request, response) => void response.send('ready'))
process.stdout.write(`${await listen(createServer(app))}\n`)
