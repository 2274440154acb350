/** Times after which something on the way ends a stream by itself. */
export type Limit = {
  /** Who has it, as `observe/name.ts` names it where it can. */
  layer: string
  /** `idle`: since the last byte. `total`: since the beginning, whatever comes. */
  kind: 'idle' | 'total'
  seconds: number
  /** The setting, with a value that lets a stream live. */
  setting: string
  /** Where the number is from. */
  source: string
}

export const limits: readonly Limit[] = [
  {
    layer: 'Next.js rewrites',
    kind: 'idle',
    seconds: 30,
    setting: 'experimental: { proxyTimeout: 3_600_000 }',
    source: 'measured 30.2 s, Next.js 16.4; proxyTimeout in its configuration',
  },
  {
    layer: 'HAProxy',
    kind: 'idle',
    seconds: 50,
    setting: 'timeout client 1h and timeout server 1h',
    source: 'measured 50.1 s; haproxy.cfg of Debian',
  },
  {
    layer: 'Heroku',
    kind: 'idle',
    seconds: 55,
    setting: 'a heartbeat; the limit is fixed',
    source: 'Heroku Dev Center, HTTP routing: 55 s rolling window (H15)',
  },
  {
    layer: 'nginx',
    kind: 'idle',
    seconds: 60,
    setting: 'proxy_read_timeout 1h;',
    source: 'measured 60.1 s; nginx.org, proxy_read_timeout',
  },
  {
    layer: 'ALB',
    kind: 'idle',
    seconds: 60,
    setting: 'idle_timeout.timeout_seconds=4000',
    source: 'AWS, Application Load Balancers: connection idle timeout',
  },
  {
    layer: 'Varnish',
    kind: 'idle',
    seconds: 60,
    setting: 'set bereq.between_bytes_timeout = 1h;',
    source: 'measured 62 s; varnishd manual, between_bytes_timeout',
  },
  {
    layer: 'Cloudflare',
    kind: 'idle',
    seconds: 100,
    setting: 'a heartbeat; 524 before the first byte',
    source: 'Cloudflare, connection limits: Proxy Read Timeout (100 s until 2025, 125 s seen since)',
  },
  {
    layer: 'Azure',
    kind: 'idle',
    seconds: 240,
    setting: 'a heartbeat; TCP idle timeout of the load balancer',
    source: 'Microsoft, Azure Load Balancer: TCP idle timeout 4 min; API Management: SSE',
  },
  {
    layer: 'Apache',
    kind: 'idle',
    seconds: 300,
    setting: 'ProxyTimeout 3600',
    source: 'measured 300.3 s; Timeout in apache2.conf of Debian',
  },
  {
    layer: 'Envoy',
    kind: 'idle',
    seconds: 300,
    setting: 'stream_idle_timeout: 0s',
    source: 'Envoy, How do I configure timeouts: stream_idle_timeout',
  },
  {
    layer: 'undici (fetch of Node)',
    kind: 'idle',
    seconds: 300,
    setting: 'bodyTimeout: 0',
    source: 'undici, Client: bodyTimeout',
  },
  {
    layer: 'Envoy',
    kind: 'total',
    seconds: 15,
    setting: 'timeout: 0s in the route',
    source: 'Envoy, How do I configure timeouts: route timeout',
  },
  {
    layer: 'AWS API Gateway',
    kind: 'total',
    seconds: 29,
    setting: 'the integration timeout, or another way in',
    source: 'AWS, API Gateway quotas: integration timeout',
  },
  {
    layer: 'GCP HTTP(S) load balancer',
    kind: 'total',
    seconds: 30,
    setting: 'timeoutSec: 86400 of the backend service',
    source: 'Google Cloud, Backend service timeout',
  },
  {
    layer: 'Spring MVC on Tomcat',
    kind: 'total',
    seconds: 30,
    setting: 'new SseEmitter(0L)',
    source: 'Spring Boot, spring.mvc.async.request-timeout; Tomcat, asyncTimeout',
  },
]

/** Limits of this kind that end a stream within 5 % of this time: a timer is read each second or so. */
export function matching(kind: Limit['kind'], seconds: number): Limit[] {
  return limits.filter(limit => {
    return limit.kind === kind && seconds > limit.seconds * 0.98 && seconds < limit.seconds * 1.05 + 0.5
  })
}
