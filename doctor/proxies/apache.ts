import type { Program, Proxy } from './proxy.ts'

const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http']

/** Debian's modules; its Timeout is 300. */
function apache(port: number, server: number, line: string, timeout = 4): Program {
  const loads = modules.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  const text = `${loads.join('\n')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile httpd.pid
ErrorLog error.log
Timeout ${timeout}
${line}
ProxyPass / http://127.0.0.1:${server}/
`
  return {
    files: { 'httpd.conf': text },
    command: ['sh', '-c', 'exec apache2 -d "$PWD" -f httpd.conf -DFOREGROUND'],
  }
}

export const apacheQuiet: Proxy = {
  name: 'Apache, a quiet stream',
  from: 'Debian',
  symptom: 'a stream in which nothing comes for 300 s is cut',
  limit: 300,
  broken: { expects: ['cut'], line: '', programs: ({ own, server }) => [apache(own, server, '')] },
  mended: {
    expects: [],
    line: 'ProxyTimeout 3600',
    programs: ({ own, server }) => [apache(own, server, 'ProxyTimeout 3600')],
  },
}

export const apacheLeave: Proxy = {
  name: 'Apache, clients that leave',
  from: 'Debian',
  symptom: 'a client that has left holds its worker: 150 of them, and nobody else is answered',
  leaves: true,
  broken: { expects: ['leave'], line: '', programs: ({ own, server }) => [apache(own, server, '', 300)] },
  mended: {
    expects: [],
    line: "setInterval(() => response.write(':\\n\\n'), 15_000) // in your server",
    server: { heartbeatMs: 500 },
    programs: ({ own, server }) => [apache(own, server, '', 300)],
  },
}
