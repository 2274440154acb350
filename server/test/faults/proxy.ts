import { call } from '@sse-lab/testkit/publish.ts'
import { docker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { onEachSide, type Fault } from './fault.ts'

export const reloaded: Fault = {
  name: 'nginx -s reload',
  pubsubLoses: 'nothing',
  because: 'the old nginx workers keep their streams until those end',
  hits: ['proxy'],
  begin: async scene =>
    await onEachSide(scene, async ({ proxy }) => {
      await docker('exec', proxy, 'nginx', '-e', 'stderr', '-c', '/lab/nginx.conf', '-s', 'reload')
      await until('old nginx workers to shut down', 5000, async () =>
        (await docker('exec', proxy, 'sh', '-c', 'cat /proc/[0-9]*/cmdline')).includes('is shutting down'),
      )
      return { deaf: [], end: async () => undefined }
    }),
}

export const restarted: Fault = {
  name: 'nginx is killed, and started',
  pubsubLoses: 'what the deaf clients miss',
  because: 'every stream is cut, while servers go on to take events from those who reach them otherwise',
  hits: ['proxy', 'clients'],
  begin: async scene =>
    await onEachSide(scene, async side => {
      await side.cutting(side.clients, async () => await docker('kill', side.proxy))
      return {
        deaf: side.clients,
        silences: true,
        async end() {
          await docker('start', side.proxy)
          await until('nginx to answer', 5000, async () => {
            return (await call('GET', `${side.base}/healthz`)).status === 200
          })
        },
      }
    }),
}
