import type { Program, Proxy } from './proxy.ts'

function varnish(port: number, server: number, lines: string): Program {
  const text = `vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "${server}"; }
${lines}
`
  return {
    files: { 'default.vcl': text },
    command: [
      'sh',
      '-c',
      `exec varnishd -F -j none -n "$PWD/work" -f "$PWD/default.vcl" -a 127.0.0.1:${port} -s malloc,32m -p between_bytes_timeout=4`,
    ],
  }
}

const hour = 'sub vcl_backend_fetch { set bereq.between_bytes_timeout = 1h; }'

export const varnishQuiet: Proxy = {
  name: 'Varnish, a quiet stream',
  from: 'Debian',
  symptom: 'a stream in which nothing comes for 60 s is cut',
  limit: 60,
  broken: { expects: ['cut'], line: '', programs: ({ own, server }) => [varnish(own, server, '')] },
  mended: { expects: [], line: hour, programs: ({ own, server }) => [varnish(own, server, hour)] },
}
