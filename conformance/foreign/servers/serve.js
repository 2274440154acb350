/** Listens on a free port of this machine and prints it: foreign.test.ts reads it. */
export function serve(server) {
  const listening = server.listen(0, '127.0.0.1', () => process.stdout.write(`${listening.address().port}\n`))
}
