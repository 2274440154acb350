import { apacheQuiet } from './apache.ts'
import { caddyEncode } from './caddy.ts'
import { haproxyProxy, haproxyQuiet } from './haproxy.ts'
import { lighttpdProxy } from './lighttpd.ts'
import { nginxAlone, nginxQuiet, nginxTwice } from './nginx.ts'
import { middlewareProxy, viteProxy } from './node.ts'
import type { Proxy } from './proxy.ts'
import { varnishQuiet } from './varnish.ts'

export const proxies: readonly Proxy[] = [
  nginxAlone,
  nginxTwice,
  nginxQuiet,
  haproxyProxy,
  haproxyQuiet,
  lighttpdProxy,
  varnishQuiet,
  apacheQuiet,
  caddyEncode,
  middlewareProxy,
  viteProxy,
]
