import type { Program, Proxy } from './proxy.ts'

const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http']

/** Debian's modules; its Timeout is 300. */
function apache(port: number, server: number, line: string): Program {
  const loads = modules.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  const text = `${loads.join('\n')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile httpd.pid
ErrorLog error.log
Timeout 4
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
