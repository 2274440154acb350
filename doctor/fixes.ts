/** What is to be changed, by problem and by the layer that has it. One line each; docs/doctor.md lists them. */
export type Problem =
  | 'buffering'
  | 'big'
  | 'headers'
  | 'compressed headers'
  | 'compression'
  | 'delay'
  | 'idle'
  | 'total'
  | 'refusal'
  | 'outlives'
  | 'leave'
  | 'many'

type Lines = Record<string, string> & {
  /** For your own server. */
  server: string
  /** Where the layer did not say its name: what helps behind any. */
  any: string
}

const lines: Record<Problem, Lines> = {
  buffering: {
    nginx: 'proxy_buffering off; in the location of the stream',
    'nginx twice':
      'proxy_pass_header X-Accel-Buffering; in the nginx next to your server: it takes the header out, so the outer one buffers',
    lighttpd: 'server.stream-response-body = 2',
    Apache: 'ProxyPass … flushpackets=on',
    Varnish: 'set beresp.do_stream = true; and set beresp.do_gzip = false; for text/event-stream',
    'Azure Front Door': 'no caching and no compression on the route',
    server: 'write each event to the socket at once: flush after each write',
    any: 'switch off response buffering there (nginx: proxy_buffering off; or X-Accel-Buffering: no from your server)',
  },
  big: {
    nginx: 'proxy_buffering off; in the location of the stream',
    server: 'write each event to the socket at once: flush after each write',
    any: 'switch off response buffering there (nginx: proxy_buffering off;)',
  },
  headers: {
    nginx: "proxy_buffering off; there, or write ':ok\\n\\n' in your server as soon as a stream opens",
    server:
      'write a first comment, :ok\\n\\n, as soon as a stream opens (a ReadableStream: enqueue it in start()), or flush the headers (Node: response.flushHeaders())',
    any: "write ':ok\\n\\n' in your server as soon as a stream opens (Node proxies: flushHeaders() on proxyRes)",
  },
  compression: {
    nginx: 'gzip off; in the location of the stream',
    Caddy: 'encode with a matcher that leaves the stream out: @plain not header Accept *text/event-stream*',
    Varnish: 'set beresp.do_gzip = false; for text/event-stream',
    Apache: "SetEnvIf Request_URI '^/events' no-gzip",
    'Next.js': 'Cache-Control: no-cache, no-transform from your server (or compress: false in next.config)',
    server:
      'Cache-Control: no-cache, no-transform on the stream (compression then leaves it alone), or flush after each event',
    any: 'Cache-Control: no-cache, no-transform from your server; Next.js: compress: false; nginx: gzip off;',
  },
  'compressed headers': {
    nginx: 'gzip off; in the location of the stream',
    Caddy: 'encode with a matcher that leaves the stream out: @plain not header Accept *text/event-stream*',
    server: "write a first comment, ':ok\\n\\n', as soon as a stream opens",
    any: "write ':ok\\n\\n' in your server as soon as a stream opens, or leave the stream out of compression there (Traefik: a router of its own without compress)",
  },
  delay: {
    HAProxy: 'option http-no-delay in its defaults or frontend',
    server: 'TCP_NODELAY on the socket (Node: response.socket.setNoDelay())',
    any: 'TCP_NODELAY there (HAProxy: option http-no-delay)',
  },
  idle: {
    server: 'remove the idle timeout of streams, or write a comment each 15 s: response.write(":\\n\\n")',
    any: 'a heartbeat from your server each 15 s: response.write(":\\n\\n")',
  },
  total: {
    Envoy: 'timeout: 0s in the route',
    server: 'remove the time limit from the stream (Spring: new SseEmitter(0L))',
    any: 'the total time limit of the route there (Envoy: timeout: 0s); a heartbeat does not help',
  },
  refusal: {
    nginx:
      "error_page 502 503 504 = /later; location = /later { default_type text/event-stream; return 200 'retry: 3000\\n'; }",
    server: 'answer 200 text/event-stream with retry: 3000 and end, while you are away',
    any: 'answer 200 text/event-stream with retry: 3000 there, or open a new EventSource in the page when one is CLOSED',
  },
  outlives: {
    server: 'end the streams when the process ends',
    any: "http-proxy, Vite: on('proxyRes', (p, req, res) => p.on('close', () => p.complete || res.destroy())); and in the page: reopen after two missed heartbeats",
  },
  leave: {
    server: "stop when the response closes: Node: response.on('close', …) removes it from every list",
    any: 'a heartbeat from your server each 15 s: the second one that cannot be written frees the stream; a proxy of your own: on response close, abort the request to the server',
  },
  many: {
    nginx: 'worker_connections 20000; and worker_rlimit_nofile 20000;',
    Apache: 'MaxRequestWorkers and ServerLimit above the number of streams',
    server: 'raise the limit of connections and of open files (ulimit -n)',
    any: 'raise the limit of connections there (nginx: worker_connections; Apache: MaxRequestWorkers)',
  },
}

/** The line for this problem. `layer` is a name of `observe/name.ts`, or `server`. */
export function fix(problem: Problem, layer: string | undefined): string {
  const known = lines[problem]
  return (layer !== undefined && Object.hasOwn(known, layer) ? known[layer] : undefined) ?? known.any
}
