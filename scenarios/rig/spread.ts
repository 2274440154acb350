import type { Rig } from './rig.ts'
import type { ServerProcess } from './server-process.ts'

/** The lab's nginx before several servers of one process: each request goes to the next of them, in turn. Returns its URL. */
export async function spread(rig: Rig, servers: readonly ServerProcess[]): Promise<string> {
  const [first] = servers
  if (first === undefined) throw new Error('no server to spread over')
  const all = servers.map(({ address }) => `server ${address} resolve max_fails=0;`).join(' ')
  const nginx = await rig.nginx(first.address, text =>
    text.replace(`server ${first.address} resolve max_fails=0;`, all),
  )
  return nginx.url
}
