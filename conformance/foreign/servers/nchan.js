import { spawn } from 'node:child_process'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** nginx with Debian's nchan: a channel is named in the query, and the body of a publish is the event. */
const module = process.env.NCHAN_MODULE ?? '/usr/lib/nginx/modules/ngx_nchan_module.so'
const port = await new Promise(resolve => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address()
    probe.close(() => resolve(port))
  })
})
const folder = await mkdtemp(join(tmpdir(), 'nchan-'))
// Bodies that do not fit into memory are written here by a worker that is not root.
await chmod(folder, 0o755)
const configuration = `
load_module ${module};
worker_processes 1;
daemon off;
error_log stderr error;
pid ${folder}/pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location = /sub { nchan_subscriber eventsource; nchan_channel_id $arg_id; }
    location = /pub { nchan_publisher http; nchan_channel_id $arg_id; }
  }
}
`
await writeFile(join(folder, 'nginx.conf'), configuration)
const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => nginx.kill('SIGTERM'))
nginx.once('exit', code => process.exit(code ?? 0))
process.stdout.write(`${port}\n`)
