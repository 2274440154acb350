import { readFileSync } from 'node:fs'
import { ConfigError } from './config.ts'
import { isRedisUrl, splitRedisUrls } from './redis-url.ts'

type Environment = Record<string, string | undefined>

/**
 * Puts the password of REDIS_PASSWORD_FILE into REDIS_URL. In the environment itself a password would be seen by whoever may
 * look at the container or at pm2's list. Line breaks at its end do not count. Throws a ConfigError.
 */
export function readSecretFiles(env: Environment): Environment {
  const { REDIS_PASSWORD_FILE: file, REDIS_URL: url } = env
  if (!file || !url || !isRedisUrl(url)) return env
  const urls = splitRedisUrls(url).map(one => new URL(one))
  if (urls.some(({ password }) => password !== '')) {
    throw new ConfigError('config: REDIS_URL has a password already: leave it out, or REDIS_PASSWORD_FILE')
  }
  const secret = encodeURIComponent(readSecret(file))
  for (const one of urls) one.password = secret
  return { ...env, REDIS_URL: urls.map(({ href }) => href).join(',') }
}

function readSecret(file: string): string {
  try {
    const secret = readFileSync(file, 'utf8').replace(/[\r\n]+$/, '')
    if (secret !== '') return secret
  } catch (error) {
    throw new ConfigError(`config: REDIS_PASSWORD_FILE cannot be read: ${String(error)}`)
  }
  throw new ConfigError('config: REDIS_PASSWORD_FILE is empty')
}
