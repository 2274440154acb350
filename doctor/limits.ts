/** Times after which something on the way ends a stream by itself. */
export type Limit = {
  /** Who has it, as `observe/name.ts` names it where it can. */
  layer: string
  /** `idle`: since the last byte. `total`: since the beginning, whatever comes. */
  kind: 'idle' | 'total'
  seconds: number
  /** The setting, with a value that lets a stream live. */
  setting: string
  /** `measured: …` here, or `documented: ` and the address. */
  source: string
}

export const limits: readonly Limit[] = [
  {
    layer: 'Next.js rewrites',
    kind: 'idle',
    seconds: 30,
    setting: 'experimental: { proxyTimeout: 3_600_000 }',
    source: 'measured: 30.2 s, Next.js 16.4',
  },
  {
    layer: 'HAProxy',
    kind: 'idle',
    seconds: 50,
    setting: 'timeout client 1h and timeout server 1h',
    source: 'measured: 50.1 s, HAProxy 3.0, haproxy.cfg of Debian',
  },
  {
    layer: 'Heroku',
    kind: 'idle',
    seconds: 55,
    setting: 'a heartbeat; the limit is fixed',
    source: 'documented: https://devcenter.heroku.com/articles/request-timeout',
  },
  {
    layer: 'nginx',
    kind: 'idle',
    seconds: 60,
    setting: 'proxy_read_timeout 1h;',
    source: 'measured: 60.1 s, nginx 1.26 and 1.30',
  },
  {
    layer: 'ingress-nginx',
    kind: 'idle',
    seconds: 60,
    setting: 'nginx.ingress.kubernetes.io/proxy-read-timeout: "3600" (and proxy-buffering: "off")',
    source:
      'documented: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/',
  },
  {
    layer: 'ALB',
    kind: 'idle',
    seconds: 60,
    setting: 'idle_timeout.timeout_seconds=4000',
    source:
      'documented: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html',
  },
  {
    layer: 'Varnish',
    kind: 'idle',
    seconds: 60,
    setting: 'set bereq.between_bytes_timeout = 1h;',
    source: 'measured: 62 s, Varnish 7',
  },
  {
    layer: 'Cloudflare',
    kind: 'idle',
    seconds: 100,
    setting: 'a heartbeat; 524 before the first byte',
    source: 'documented: https://developers.cloudflare.com/fundamentals/reference/connection-limits/',
  },
  {
    layer: 'Azure',
    kind: 'idle',
    seconds: 240,
    setting: 'a heartbeat; TCP idle timeout of the load balancer',
    source: 'documented: https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-tcp-reset',
  },
  {
    layer: 'Apache',
    kind: 'idle',
    seconds: 300,
    setting: 'ProxyTimeout 3600',
    source: 'measured: 300.3 s, Apache 2.4, apache2.conf of Debian',
  },
  {
    layer: 'Envoy',
    kind: 'idle',
    seconds: 300,
    setting: 'stream_idle_timeout: 0s',
    source: 'documented: https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts',
  },
  {
    layer: 'Squid',
    kind: 'idle',
    seconds: 900,
    setting: 'read_timeout 1 day',
    source: 'documented: https://www.squid-cache.org/Doc/config/read_timeout/',
  },
  {
    layer: 'undici (fetch of Node)',
    kind: 'idle',
    seconds: 300,
    setting: 'bodyTimeout: 0',
    source: 'documented: https://undici.nodejs.org/#/docs/api/Client',
  },
  {
    layer: 'Envoy',
    kind: 'total',
    seconds: 15,
    setting: 'timeout: 0s in the route',
    source: 'measured: 15 s, Envoy 1.40',
  },
  {
    layer: 'AWS API Gateway',
    kind: 'total',
    seconds: 29,
    setting: 'the integration timeout, or another way in',
    source: 'documented: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html',
  },
  {
    layer: 'GCP HTTP(S) load balancer',
    kind: 'total',
    seconds: 30,
    setting: 'timeoutSec: 86400 of the backend service',
    source: 'documented: https://cloud.google.com/load-balancing/docs/https#timeout-bes',
  },
  {
    layer: 'Spring MVC on Tomcat',
    kind: 'total',
    seconds: 30,
    setting: 'new SseEmitter(0L)',
    source: 'documented: https://tomcat.apache.org/tomcat-10.1-doc/config/http.html (asyncTimeout)',
  },
]

/** Limits of this kind that end a stream within 5 % of this time: a timer is read each second or so. */
export function matching(kind: Limit['kind'], seconds: number): Limit[] {
  return limits.filter(limit => {
    return limit.kind === kind && seconds > limit.seconds * 0.98 && seconds < limit.seconds * 1.05 + 0.5
  })
}
