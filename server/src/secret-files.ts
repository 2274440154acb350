import { readFileSync } from 'node:fs'
import { ConfigError } from './config.ts'

type Environment = Record<string, string | undefined>

/**
 * Puts the password of REDIS_PASSWORD_FILE into REDIS_URL. In the environment itself a password would be seen by whoever may
 * look at the container or at pm2's list. Line breaks at its end do not count. Throws a ConfigError.
 */
export function readSecretFiles(env: Environment): Environment {
  const { REDIS_PASSWORD_FILE: file, REDIS_URL: url } = env
  if (!file || !url || !URL.canParse(url)) return env
  const withPassword = new URL(url)
  if (withPassword.password !== '') {
    throw new ConfigError('config: REDIS_URL has a password already: leave it out, or REDIS_PASSWORD_FILE')
  }
  withPassword.password = encodeURIComponent(readSecret(file))
  return { ...env, REDIS_URL: withPassword.href }
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
