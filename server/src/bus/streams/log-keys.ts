/** The keys of one log. README.md says what each holds. */
export type LogKeys = { log: string; end: string; marker: string; once: string; confirm: string }

/**
 * The keys of a log. In a cluster a script may use keys of one slot alone, which their names choose by what stands in braces.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function logKeys(tag?: number): LogKeys {
  const prefix = tag === undefined ? 'sse-lab:' : `sse-lab:{${tag}}:`
  return {
    log: `${prefix}log`,
    end: `${prefix}log-end`,
    marker: `${prefix}log-marker`,
    once: `${prefix}once`,
    confirm: `${prefix}log-confirm`,
  }
}
