import type { Program, Proxy } from './proxy.ts'

/** The defaults of Debian's haproxy.cfg. */
function haproxy(port: number, server: number, line: string, idle = '50000'): Program {
  const text = `defaults
  mode http
  timeout connect 5000
  timeout client ${idle}
  timeout server ${idle}
  ${line}
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server one 127.0.0.1:${server}
`
  return { files: { 'haproxy.cfg': text }, command: ['haproxy', '-db', '-f', 'haproxy.cfg'] }
}

export const haproxyProxy: Proxy = {
  name: 'HAProxy',
  from: 'Debian',
  symptom: 'every event is 200 ms late',
  broken: {
    expects: ['steady delay'],
    line: '',
    programs: ({ own, server }) => [haproxy(own, server, '')],
  },
  mended: {
    expects: [],
    line: 'option http-no-delay',
    programs: ({ own, server }) => [haproxy(own, server, 'option http-no-delay')],
  },
}

export const haproxyQuiet: Proxy = {
  name: 'HAProxy, a quiet stream',
  from: 'Debian',
  symptom: 'a stream in which nothing comes for 50 s is cut',
  limit: 50,
  broken: {
    expects: ['cut'],
    line: '',
    programs: ({ own, server }) => [haproxy(own, server, 'option http-no-delay', '4s')],
  },
  mended: {
    expects: [],
    line: 'timeout client 1h; timeout server 1h',
    programs: ({ own, server }) => [haproxy(own, server, 'option http-no-delay', '1h')],
  },
}
