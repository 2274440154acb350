/** Docker names a container's host by the first 12 characters of its id; elsewhere a host name may be long. */
const hostCharsMax = 12
/** Of the id of a server: enough to tell the few apart that share a host. */
const serverIdCharsMax = 4

/** `<host>/<instance>`, or `<host>/<server id>/<instance>` where hosts may share a name: short enough for a table. */
export function shortWorker(worker: string): string {
  const [host = '', ...rest] = worker.split('/')
  const instance = rest.pop()
  if (instance === undefined) return worker
  return [shortHost(host), ...rest.map(id => id.slice(0, serverIdCharsMax)), instance].join('/')
}

export function shortHost(host: string): string {
  return host.slice(0, hostCharsMax)
}

/** A host name has no slash in it. */
export function hostOf(worker: string): string {
  return worker.split('/', 1)[0] ?? worker
}

/** What the workers of one server have in common: everything but the instance. */
export function serverOf(worker: string): string {
  const slash = worker.lastIndexOf('/')
  return slash === -1 ? worker : worker.slice(0, slash)
}

/** A worker that was reloaded or killed leaves its name to the next one. The process is what tells them apart. */
export function processOf({ worker, pid }: { readonly worker: string; readonly pid: number }): string {
  return `${worker} ${pid}`
}
