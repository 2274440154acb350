import type { Program, Proxy } from './proxy.ts'

function caddy(port: number, server: number, line: string): Program {
  const text = `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
${line}
  reverse_proxy 127.0.0.1:${server}
}
`
  return {
    files: { Caddyfile: text },
    command: ['caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
  }
}

const encode = '  encode gzip'
const plain = '  @plain not header Accept *text/event-stream*\n  encode @plain gzip'

export const caddyEncode: Proxy = {
  name: 'Caddy with encode',
  from: 'Debian',
  symptom: 'onopen comes with the first event: the headers wait for it',
  broken: {
    expects: ['held headers'],
    line: encode.trim(),
    programs: ({ own, server }) => [caddy(own, server, encode)],
  },
  mended: {
    expects: [],
    line: '@plain not header Accept *text/event-stream*; encode @plain gzip',
    programs: ({ own, server }) => [caddy(own, server, plain)],
  },
}
