import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'

/**
 * A certificate that nobody has signed, as files of nginx by path: see nginx/http2.conf. It is for the name `host`, and for the
 * address `ip` if there is one.
 */
export async function makeCertificate({ host = 'lab', ip }: { host?: string; ip?: string } = {}): Promise<
  Record<string, string>
> {
  const folder = await mkdtemp(`${tmpdir()}/tls-`)
  try {
    const [certificate, key] = [`${folder}/certificate.pem`, `${folder}/key.pem`]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
    const files = [
      ...(ip === undefined ? [] : ['-addext', `subjectAltName=IP:${ip}`]),
      '-subj',
      `/CN=${host}`,
      '-keyout',
      key,
      '-out',
      certificate,
    ]
    await promisify(execFile)('openssl', ['req', '-x509', ...kind, ...files])
    return {
      '/lab/tls/certificate.pem': await readFile(certificate, 'utf8'),
      '/lab/tls/key.pem': await readFile(key, 'utf8'),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
