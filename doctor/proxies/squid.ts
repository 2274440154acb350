import type { Program, Proxy } from './proxy.ts'

/** Before a server of one's own: accelerator mode. */
function squid(port: number, server: number, line: string): Program {
  const text = `http_port 127.0.0.1:${port} accel defaultsite=localhost
cache_peer 127.0.0.1 parent ${server} 0 no-query originserver
http_access allow all
pid_filename none
access_log none
cache_log /dev/null
visible_hostname proxy
${line}
`
  return {
    files: { 'squid.conf': text },
    // It serves as another user than root, who may not read this folder.
    command: ['sh', '-c', 'chmod 755 . && exec squid -N -f "$PWD/squid.conf"'],
  }
}

export const squidQuiet: Proxy = {
  name: 'Squid, a quiet stream',
  from: 'Debian',
  symptom: 'a stream in which nothing comes for 900 s is cut',
  limit: 900,
  broken: {
    expects: ['cut'],
    line: '',
    programs: ({ own, server }) => [squid(own, server, 'read_timeout 4 seconds')],
  },
  mended: {
    expects: [],
    line: 'read_timeout 1 day',
    programs: ({ own, server }) => [squid(own, server, 'read_timeout 1 day')],
  },
}
