import { docker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { onEachSide, type Fault } from './fault.ts'

export const reloaded: Fault = {
  name: 'pm2 reload',
  pubsubLoses: 'what the deaf clients miss',
  because: 'every stream of the server ends, and what comes while its clients are away is kept nowhere',
  hits: ['servers', 'workers', 'links', 'redis'],
  begin: async scene =>
    await onEachSide(scene, async side => {
      const before = await side.b.pids()
      const deaf = side.clientsOn(side.b)
      await side.cutting(deaf, async () => await side.b.exec('npx', 'pm2', 'reload', 'server'))
      await until('every worker to be another', 5000, async () =>
        (await side.b.pids()).every(pid => !before.includes(pid)),
      )
      return { deaf, end: async () => undefined }
    }),
}

export const killedServer: Fault = {
  name: 'a server container is killed, a second one lives',
  pubsubLoses: 'what the deaf clients miss',
  because: 'its streams are cut, and what comes while their clients are away is kept nowhere',
  hits: ['servers', 'links'],
  begin: async scene =>
    await onEachSide(scene, async side => {
      const deaf = side.clientsOn(side.b)
      await side.cutting(deaf, async () => await docker('kill', side.b.id))
      return { deaf, end: async () => void (await docker('start', side.b.id)) }
    }),
}
