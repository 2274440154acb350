import type { Program, Proxy } from './proxy.ts'

/** One route to one server, as the quick start of its documentation has it. `route` and `manager` stand in their objects. */
function envoy(port: number, server: number, { route = '', manager = '' }): Program {
  const text = `static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: front
                ${manager}
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: { prefix: "/" }
                          route:
                            cluster: server
                            ${route}
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
    - name: server
      load_assignment:
        cluster_name: server
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${server} } } }
`
  return {
    files: { 'envoy.yaml': text },
    command: ['envoy', '-c', 'envoy.yaml', '--concurrency', '1', '--disable-hot-restart', '-l', 'error'],
  }
}

export const envoyTotal: Proxy = {
  name: 'Envoy',
  from: 'PyPI',
  symptom: 'every stream is cut 15 s after it was opened, whatever comes',
  limit: 15,
  broken: {
    expects: ['cut'],
    line: '',
    programs: ({ own, server }) => [envoy(own, server, { route: 'timeout: 4s' })],
  },
  mended: {
    expects: [],
    line: 'timeout: 0s # of the route',
    programs: ({ own, server }) => [envoy(own, server, { route: 'timeout: 0s' })],
  },
}

export const envoyQuiet: Proxy = {
  name: 'Envoy, a quiet stream',
  from: 'PyPI',
  symptom: 'a stream in which nothing comes for 300 s is cut',
  limit: 300,
  broken: {
    expects: ['cut'],
    line: '',
    programs: ({ own, server }) => [
      envoy(own, server, { route: 'timeout: 0s', manager: 'stream_idle_timeout: 4s' }),
    ],
  },
  mended: {
    expects: [],
    line: 'stream_idle_timeout: 0s # of the connection manager',
    programs: ({ own, server }) => [
      envoy(own, server, { route: 'timeout: 0s', manager: 'stream_idle_timeout: 0s' }),
    ],
  },
}
