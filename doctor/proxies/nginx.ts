import type { Program, Proxy } from './proxy.ts'

/** Debian's nginx.conf as far as it matters, for one location. */
function nginx(name: string, port: number, upstream: number, line: string): Program {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(kind => `${kind}_temp_path ${name}-${kind};`)
    .join(' ')
  const text = `daemon off; pid ${name}.pid; error_log stderr error; worker_processes 1;
events { worker_connections 768; }
http {
  access_log off; ${temporary}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream};
      ${line}
    }
  }
}
`
  return {
    files: { [`${name}.conf`]: text },
    command: ['nginx', '-e', 'stderr', '-p', '.', '-c', `${name}.conf`],
  }
}

export const nginxAlone: Proxy = {
  name: 'nginx',
  from: 'Debian',
  symptom: 'nothing arrives, until a buffer of 4 kB is full',
  broken: {
    expects: ['held events'],
    line: '',
    programs: ({ own, server }) => [nginx('nginx', own, server, '')],
  },
  mended: {
    expects: [],
    line: 'proxy_buffering off;',
    programs: ({ own, server }) => [nginx('nginx', own, server, 'proxy_buffering off;')],
  },
}

const passes = 'proxy_pass_header X-Accel-Buffering;'

export const nginxTwice: Proxy = {
  name: 'nginx behind nginx',
  from: 'Debian',
  symptom: 'nothing arrives, although the server says X-Accel-Buffering: no: the inner nginx takes it out',
  server: { headers: { 'X-Accel-Buffering': 'no' } },
  broken: {
    expects: ['held events'],
    line: '',
    programs: ({ own, inner, server }) => [nginx('inner', inner, server, ''), nginx('outer', own, inner, '')],
  },
  mended: {
    expects: [],
    line: `${passes} # of the inner one`,
    programs: ({ own, inner, server }) => [
      nginx('inner', inner, server, passes),
      nginx('outer', own, inner, ''),
    ],
  },
}

const live = 'proxy_buffering off;'

export const nginxQuiet: Proxy = {
  name: 'nginx, a quiet stream',
  from: 'Debian',
  symptom: 'a stream in which nothing comes for 60 s is cut',
  limit: 60,
  broken: {
    expects: ['cut'],
    line: '',
    programs: ({ own, server }) => [nginx('nginx', own, server, `${live} proxy_read_timeout 4s;`)],
  },
  mended: {
    expects: [],
    line: 'proxy_read_timeout 1h;',
    programs: ({ own, server }) => [nginx('nginx', own, server, `${live} proxy_read_timeout 1h;`)],
  },
}
