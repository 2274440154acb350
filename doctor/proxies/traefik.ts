import type { Program, Proxy } from './proxy.ts'

/** One router with one service and the middleware compress, from files. */
function traefik(port: number, server: number): Program {
  const routes = `http:
  routers:
    all:
      rule: PathPrefix(\`/\`)
      middlewares: [smaller]
      service: server
  middlewares:
    smaller:
      compress: {}
  services:
    server:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${server}
`
  return {
    files: { 'routes.yaml': routes },
    command: [
      'traefik',
      `--entryPoints.web.address=127.0.0.1:${port}`,
      '--providers.file.filename=routes.yaml',
      '--log.level=ERROR',
      '--global.checkNewVersion=false',
      '--global.sendAnonymousUsage=false',
    ],
  }
}

export const traefikCompress: Proxy = {
  name: 'Traefik with compress',
  from: 'PyPI',
  symptom: 'onopen comes with the first event: the headers wait for it',
  broken: {
    expects: ['held headers'],
    line: 'middlewares: { smaller: { compress: {} } }',
    programs: ({ own, server }) => [traefik(own, server)],
  },
  mended: {
    expects: [],
    line: "response.write(':ok\\n\\n') // in your server, as soon as a stream opens",
    server: { comment: true },
    programs: ({ own, server }) => [traefik(own, server)],
  },
}
