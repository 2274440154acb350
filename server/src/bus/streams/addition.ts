import { createHash } from 'node:crypto'
import type { Draft } from '../../event.ts'
import type { Once } from '../bus.ts'
import type { LogKeys } from './log-keys.ts'
import { onceKeysMax, onceMs, ownKeysMax } from './scripts.ts'

/**
 * What is to be added to the log. `fields`: field, value, field, value, of the event alone. `bytes`: its length (see Draft).
 * `once.key` as its `owner` sent it; `once.digest` tells whether a repeated publish is the same one.
 */
export type Addition = {
  fields: string[]
  bytes: number
  once: (Once & { digest: string }) | undefined
}

export type LogBounds = { logEventsMax: number; logBytesMax: number }

/** What a draft adds. */
export function toAddition(draft: Draft, once: Once | undefined): Addition {
  const { topic, type, data, bytes } = draft
  const fields = ['topic', topic, ...(type === undefined ? [] : ['type', type]), 'data', data]
  return {
    fields,
    bytes,
    once: once && {
      ...once,
      digest: createHash('sha256').update(JSON.stringify(fields)).digest('base64url'),
    },
  }
}

/** The words of publish.lua: its three keys, then its arguments. */
export function publishWords(
  { log, end, once: known }: LogKeys,
  { fields, bytes, once }: Addition,
  { logEventsMax, logBytesMax }: LogBounds,
): (string | number)[] {
  return [
    log,
    end,
    // Whoever owns them cannot fill, or find out, those of others.
    once?.owner === undefined ? known : `${known}:${hashOf(once.owner)}`,
    logEventsMax,
    logBytesMax,
    bytes,
    // Its hash: a key may be 255 characters, and what Redis keeps of it must have a known size.
    once === undefined ? '' : hashOf(once.key),
    once?.digest ?? '',
    onceMs,
    once?.owner === undefined ? onceKeysMax : ownKeysMax,
    ...fields,
  ]
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
