import { apacheLeave, apacheQuiet } from './apache.ts'
import { caddyEncode } from './caddy.ts'
import { envoyQuiet, envoyTotal } from './envoy.ts'
import { haproxyProxy, haproxyQuiet } from './haproxy.ts'
import { lighttpdProxy } from './lighttpd.ts'
import { nextQuiet, nextRewrites } from './next.ts'
import { nginxAlone, nginxQuiet, nginxTwice } from './nginx.ts'
import { middlewareProxy, viteProxy } from './node.ts'
import type { Proxy } from './proxy.ts'
import { squidQuiet } from './squid.ts'
import { traefikCompress } from './traefik.ts'
import { varnishQuiet } from './varnish.ts'

export const proxies: readonly Proxy[] = [
  nginxAlone,
  nginxTwice,
  nginxQuiet,
  haproxyProxy,
  haproxyQuiet,
  lighttpdProxy,
  varnishQuiet,
  squidQuiet,
  apacheQuiet,
  apacheLeave,
  caddyEncode,
  traefikCompress,
  envoyTotal,
  envoyQuiet,
  nextRewrites,
  nextQuiet,
  middlewareProxy,
  viteProxy,
]
