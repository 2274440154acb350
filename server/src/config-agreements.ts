import { issuersRule } from './access/issuers.ts'
import type { Environment } from './environment.ts'
import { disagreements, limitNames, type LimitName } from './limits.ts'
import { redisDisagreements } from './redis-agreements.ts'

/** Variables that are right by themselves and wrong together, each in a line. Those that are bad by themselves are absent. */
export function disagree(it: Partial<Environment>): string[] {
  const names = limitNames.map(name => [name, it[snake(name)]])
  const wrong = disagreements(Object.fromEntries(names), snake)
  const needsRedis = it.BUS !== undefined && it.BUS !== 'memory'
  if (needsRedis && 'REDIS_URL' in it && it.REDIS_URL === undefined)
    wrong.unshift(`REDIS_URL is missing (BUS=${it.BUS} needs it, like redis://redis:6379)`)
  return [...wrong, ...aboutRedis(it), ...accessDisagreements(it)]
}

const redisNames = {
  redis: 'REDIS_URL',
  redisMode: 'REDIS_MODE',
  bus: 'BUS',
  confirm: 'CONFIRM',
  partitions: 'PARTITIONS',
}

function aboutRedis(it: Partial<Environment>): string[] {
  if (!('REDIS_URL' in it)) return []
  const { REDIS_URL: redis, REDIS_MODE: redisMode, BUS: bus, CONFIRM: confirm, PARTITIONS: partitions } = it
  return redisDisagreements(
    {
      redis,
      ...(redisMode !== undefined && { redisMode }),
      ...(bus !== undefined && { bus }),
      ...(confirm !== undefined && { confirm }),
      ...(partitions !== undefined && { partitions }),
    },
    redisNames,
  )
}

function accessDisagreements(it: Partial<Environment>): string[] {
  const wrong: string[] = []
  const reachedOn = it.PUBLISHED_ON ?? it.BIND
  if (it.AUTH === 'off' && !it.OPEN && reachedOn !== undefined && !isLoopback(reachedOn))
    wrong.push(
      `AUTH=off lets everybody who reaches ${reachedOn} publish to every topic and read it: set AUTH=jwt, or OPEN=1 if that is meant`,
    )
  if (it.AUTH === 'jwt' && 'AUTH_ISSUERS' in it && it.AUTH_ISSUERS === undefined)
    wrong.push(`AUTH_ISSUERS is missing (AUTH=jwt needs it): it ${issuersRule}`)
  if (it.AUTH === 'jwt' && 'ADMIN_PORT' in it && it.ADMIN_PORT === undefined)
    wrong.push(
      'ADMIN_PORT is missing (AUTH=jwt needs it: metrics, the list of workers and revocations are for operators alone)',
    )
  if (it.AUTH === 'jwt' && it.REDIS_URL === undefined && 'REDIS_URL' in it)
    wrong.push('REDIS_URL is missing (AUTH=jwt needs it: tickets and revocations are there)')
  if (it.REDIS_PASSWORD_FILE !== undefined && it.REDIS_URL === undefined)
    wrong.push('REDIS_PASSWORD_FILE needs REDIS_URL, like redis://name@redis:6379')
  if (it.ADMIN_PORT !== undefined && it.ADMIN_PORT === it.PORT)
    wrong.push(`ADMIN_PORT must be another port than PORT (got ${it.PORT} for both)`)
  return wrong
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '[::1]'
}

// Every name that is given here is one of `environment`.
function snake(name: LimitName): keyof Environment {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase() as keyof Environment
}
