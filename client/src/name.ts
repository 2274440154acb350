/** Docker names a container's host by the first 12 characters of its id; elsewhere a host name may be long. */
const hostCharsMax = 12

/** `<host>/<instance>`, short enough for a table, of `<host>/<server>/<instance>`. */
export function shortWorker(worker: string): string {
  const slash = worker.lastIndexOf('/')
  return slash === -1 ? worker : shortHost(hostOf(worker)) + worker.slice(slash)
}

export function shortHost(host: string): string {
  return host.slice(0, hostCharsMax)
}

export function hostOf(worker: string): string {
  const slash = worker.indexOf('/')
  return slash === -1 ? worker : worker.slice(0, slash)
}
