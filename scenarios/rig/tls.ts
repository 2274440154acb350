import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { listen } from '@sse-lab/testkit/listen.ts'

/** A port of the tests' own container that speaks TLS, with a certificate that nobody has signed, and passes all on to `port`. */
export async function startTls(port: number): Promise<AsyncDisposable & { port: number }> {
  const { '/lab/tls/certificate.pem': cert, '/lab/tls/key.pem': key } = await makeCertificate()
  const server = createServer({ cert, key }, client => {
    const upstream = connect(port, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
  })
  return {
    port: await listen(server),
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
