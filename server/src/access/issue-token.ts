import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { importPKCS8 } from 'jose'
import { makeToken } from './make-token.ts'

// The local issuer of `make production`, for trying things out: prints a token. deploy/secrets/ made its key, which only this
// command has. A service has an identity provider instead.

const usage =
  'usage: issue-token --sub NAME [--subscribe TOPICS] [--publish TOPICS] [--minutes 15], with topics like lobby,room/*'

async function main(): Promise<string> {
  const { values } = parseArgs({
    options: {
      sub: { type: 'string' },
      subscribe: { type: 'string', default: '' },
      publish: { type: 'string', default: '' },
      minutes: { type: 'string', default: '15' },
      folder: { type: 'string', default: '/run/issuer' },
    },
  })
  const minutes = Number(values.minutes)
  if (!values.sub) throw new TypeError(`--sub is missing: whose token is it? ${usage}`)
  if (!(minutes > 0 && minutes <= 1440))
    throw new TypeError(`--minutes must be a number up to 1440. ${usage}`)
  const key = await importPKCS8(await readFile(`${values.folder}/private.pem`, 'utf8'), 'ES256')
  const kid = await readFile(`${values.folder}/kid`, 'utf8')
  return await makeToken(
    { issuer: 'sse-lab-local', audience: 'sse-lab', key, kid },
    {
      sub: values.sub,
      subscribe: topics(values.subscribe),
      publish: topics(values.publish),
      expiresAt: Math.floor(Date.now() / 1000) + Math.round(minutes * 60),
    },
  )
}

function topics(list: string): string[] {
  return list.split(',').filter(Boolean)
}

main().then(
  token => process.stdout.write(`${token}\n`),
  (error: unknown) => {
    process.stderr.write(`token: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 2
  },
)
