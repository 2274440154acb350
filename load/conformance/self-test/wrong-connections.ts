import { HoldsBody, HoldsStream } from './holders.ts'
import { Model } from './model.ts'
import type { Wrong } from './wrong-streams.ts'

/** Servers and proxies that are wrong about connections: what is held. */
export const wrongConnections: Wrong[] = [
  {
    name: 'stands behind a proxy that holds the whole stream until it ends',
    Server: HoldsStream,
    fails: [
      'headers/at-once',
      'hello/at-once',
      'http/whole',
      'framing/lf',
      'reading/in-order',
      'cors/stream',
    ],
    andMore: true,
  },
  {
    name: 'stands behind a proxy that sends the head of a stream and holds the rest',
    Server: HoldsBody,
    fails: ['hello/at-once', 'http/whole', 'framing/lf', 'reading/in-order'],
    andMore: true,
  },
  {
    name: 'stands behind an nginx that takes X-Accel-Buffering for itself',
    Server: class extends Model {
      override headers() {
        const { 'X-Accel-Buffering': _taken, ...others } = super.headers()
        return { ...others, Server: 'nginx' }
      }
    },
    fails: ['headers/accel-buffering'],
  },
]
