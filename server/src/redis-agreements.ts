import { redisPlaceFault, type RedisMode } from './redis-url.ts'

type Words = 'redis' | 'redisMode' | 'bus' | 'confirm' | 'partitions'

/** What is set of Redis and its log. Absent is what was bad by itself, and said already. */
export type RedisWishes = {
  redis?: string | undefined
  redisMode?: RedisMode
  bus?: 'memory' | 'pubsub' | 'streams'
  confirm?: number
  partitions?: number
}

/** What is right by itself and wrong together, each in a line. `spell` is how the reader of the line knows a name. */
export function redisDisagreements(it: RedisWishes, spell: Record<Words, string>): string[] {
  const { redis, redisMode = 'single', confirm = 0, partitions = 1 } = it
  const { bus = redis === undefined ? 'memory' : 'streams' } = it
  const wrong: string[] = []
  if (redis !== undefined) {
    const fault = redisPlaceFault(redis, redisMode)
    if (fault !== undefined)
      wrong.push(`${spell.redis} ${fault} (${spell.redisMode} is ${redisMode}, its value is not shown)`)
  } else if (redisMode !== 'single')
    wrong.push(`${spell.redis} is missing (${spell.redisMode}=${redisMode} needs some addresses)`)
  if (bus === 'pubsub' && redisMode === 'cluster')
    wrong.push(`${spell.bus} must be streams or memory with a cluster: there PUBLISH goes to every node`)
  if (bus === 'streams') return wrong
  if (confirm > 0)
    wrong.push(`${spell.confirm} must be 0 unless ${spell.bus} is streams: replicas have copies of a log`)
  if (partitions > 1)
    wrong.push(`${spell.partitions} must be 1 unless ${spell.bus} is streams: no other has a log`)
  return wrong
}
