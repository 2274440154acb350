import { execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * What a stream costs nginx and the kernel, for constants.ts: `node deploy/plan/measure.ts [streams]`, on Linux, as root, with
 * nginx and openssl installed. Two minutes. Prints a line for plain HTTP and two for TLS; processor time is that of nginx alone.
 */
const streams = Number(process.argv[2] ?? 4000)
const [originPort, plainPort, tlsPort, smallPort] = [28_080, 28_081, 28_443, 28_444]
const beats = 4
const beatMs = 4000

/** A server of streams that beats for all of them when it is told. */
function origin(): void {
  const open = new Set<ServerResponse>()
  createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n')
    open.add(response)
    response.once('close', () => open.delete(response))
  }).listen({ port: originPort, host: '127.0.0.1', backlog: 4096 }, () => process.send?.('listening'))
  process.on('message', () => {
    for (const response of open) response.write('id: 1795696224008-0\nevent: heartbeat\ndata:\n\n')
  })
}

function configuration(folder: string): string {
  return `worker_processes 2; worker_rlimit_nofile 65536; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 32768; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${plainPort} reuseport backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl reuseport backlog=4096;
    include shared.conf;
  }
  server {
    listen 127.0.0.1:${smallPort} ssl reuseport backlog=4096;
    ssl_buffer_size 4k;
    include shared.conf;
  }
}`
}

const shared = (folder: string) => `
ssl_certificate ${folder}/certificate.pem; ssl_certificate_key ${folder}/key.pem;
ssl_protocols TLSv1.3; ssl_session_cache off; ssl_session_tickets off;
location /later { default_type text/event-stream; return 200 "retry: 2000\\n"; }
location / { proxy_pass http://127.0.0.1:${originPort}; proxy_http_version 1.1; proxy_buffering off; gzip off; }
`

const each = (value: number, count: number, unit: string) => `${(value / count).toFixed(1)} ${unit}`

/** Processor time of these processes in µs, and their resident memory in KiB. */
function processes(pids: readonly number[]): { cpuUs: number; kib: number } {
  let [cpuUs, kib] = [0, 0]
  for (const pid of pids) {
    const [run = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')
    cpuUs += Number(run) / 1000
    kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  }
  return { cpuUs, kib }
}

const slabKib = () => Number(/Slab:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1])

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)

/** Opens one connection, asks for a path and waits for the first bytes of the body. */
async function ask(port: number, path: string): Promise<Socket> {
  const socket: Socket =
    port !== plainPort
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect({ port, host: '127.0.0.1' })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: lab\r\n\r\n`)
  let text = ''
  while (!text.includes('retry:')) text += String((await once(socket, 'data'))[0])
  socket.resume()
  return socket
}

/** Many of them, 50 at a time. */
async function askMany(count: number, port: number, path: string): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count)
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => ask(port, path)))))
  return sockets
}

async function measure(port: number, workers: readonly number[], beat: () => void): Promise<string> {
  await askMany(200, port, '/events').then(sockets => sockets.forEach(socket => socket.destroy()))
  await pause(1000)
  const [before, slabBefore] = [processes(workers), slabKib()]
  const sockets = await askMany(streams, port, '/events')
  await pause(2000)
  const [opened, slab] = [processes(workers), slabKib()]
  for (let round = 0; round < beats; round += 1) {
    beat()
    await pause(beatMs)
  }
  const beaten = processes(workers)
  for (const socket of sockets) socket.destroy()
  await pause(2000)
  const quiet = processes(workers)
  for (const socket of await askMany(1000, port, '/later')) socket.destroy()
  const refused = processes(workers)
  return [
    `open ${each(opened.cpuUs - before.cpuUs, streams, 'µs')}`,
    `nginx memory ${each(opened.kib - before.kib, streams, 'KiB')}`,
    `heartbeat ${each(beaten.cpuUs - opened.cpuUs, streams * beats, 'µs')}`,
    `told to come later ${each(refused.cpuUs - quiet.cpuUs, 1000, 'µs')}`,
    `slab of the kernel, four sockets a stream ${each(slab - slabBefore, streams, 'KiB')}`,
  ].join('; ')
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sse-lab-measure-'))
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder))
  writeFileSync(join(folder, 'shared.conf'), shared(folder))
  const certificate =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=lab'
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')]
  execFileSync('openssl', certificate.split(' ').concat(files), { stdio: 'ignore' })
  const server = fork(process.argv[1] ?? '', ['origin'])
  await once(server, 'message')
  try {
    for (const [name, port] of Object.entries({
      plain: plainPort,
      TLS: tlsPort,
      'TLS, ssl_buffer_size 4k': smallPort,
    })) {
      // One of its own for each: memory that was freed is not given back, and would be found again.
      const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' })
      while (!readdirSync(folder).includes('pid')) await pause(50)
      await pause(500)
      const line = await measure(port, childrenOf(nginx.pid ?? 0), () => void server.send('beat'))
      process.stdout.write(`${name}: ${line}\n`)
      nginx.kill('SIGTERM')
      await once(nginx, 'exit')
    }
  } finally {
    server.kill()
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[2] === 'origin') origin()
else await main()
