/** The two roads of a stream through the server, and the headers by which a request takes each. */
export const roads: Record<'node:http' | 'upgrade', Record<string, string>> = {
  'node:http': {},
  upgrade: { connection: 'upgrade', upgrade: 'sse' },
}
