import type { Program, Proxy } from './proxy.ts'

function lighttpd(port: number, server: number, line: string): Program {
  const text = `server.modules = ( "mod_proxy" )
server.document-root = "/nonexistent"
server.bind = "127.0.0.1"
server.port = ${port}
server.upload-dirs = ( "." )
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${server} )) )
${line}
`
  return { files: { 'lighttpd.conf': text }, command: ['lighttpd', '-D', '-f', 'lighttpd.conf'] }
}

export const lighttpdProxy: Proxy = {
  name: 'lighttpd',
  from: 'Debian',
  symptom: 'nothing arrives, until the stream is over',
  broken: {
    expects: ['held events'],
    line: '',
    programs: ({ own, server }) => [lighttpd(own, server, '')],
  },
  mended: {
    expects: [],
    line: 'server.stream-response-body = 2',
    programs: ({ own, server }) => [lighttpd(own, server, 'server.stream-response-body = 2')],
  },
}
