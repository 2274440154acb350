import { rename, rm, symlink } from 'node:fs/promises'
import { basename } from 'node:path'

/**
 * A socket file is reached by nginx without TCP. SOCKET is where nginx looks; each container listens beside it, on a file
 * with its own name, because Node removes the file that it listened on when it leaves: a container that is being replaced
 * would take its successor's away.
 */
export function ownSocketFile(path: string, host: string): string {
  return `${path}.${host}`
}

/**
 * Lets SOCKET lead to this container from now on. In one step: whoever connects in that moment reaches the one before or
 * this one. Rejects as the file system does.
 */
export async function leadSocketHere(path: string, host: string): Promise<void> {
  const own = ownSocketFile(path, host)
  const link = `${own}.${process.pid}`
  await rm(link, { force: true })
  // By name alone: the folder may be mounted elsewhere in nginx's container.
  await symlink(basename(own), link)
  await rename(link, path)
}
