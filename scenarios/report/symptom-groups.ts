/** A group of docs/symptoms.md. `names` are scenarios; one may stand in several groups. */
export type Group = { title: string; about: string; names: readonly string[] }

export const groups: readonly Group[] = [
  {
    title: 'Nothing arrives',
    about:
      'The stream is open, or seems to be, and the browser shows no event. `curl -N` often shows them all.',
    names: [
      'two-proxies',
      'gzip',
      'gzip-proxy',
      'headers-held',
      'seventh-tab',
      'connection-per-stream',
      'silent-anonymous',
      'headers-held-despite-flush',
      'outlives-its-upstream',
      'departed-readers-hold-workers',
    ],
  },
  {
    title: 'Late',
    about:
      'Events arrive late behind nginx or another proxy: in bursts, or each one only when the next is published.',
    names: [
      'proxy-buffer',
      'added-delay',
      'two-proxies',
      'gzip',
      'herd',
      'publish-flood',
      'retry-too-short-for-the-fleet',
    ],
  },
  {
    title: 'Lost',
    about:
      'Some events are missing. Look at which ones: a share of all, those of a time away, or one or two in the middle.',
    names: [
      'fan-out',
      'no-replay',
      'pubsub-reconnect',
      'handover-hole',
      'ids-as-text',
      'trimmed-history',
      'false-ack',
      'failover-loses-acknowledged',
      'two-redis-on-one-disk',
      'quiet-stream',
      'token-stream',
    ],
  },
  {
    title: 'Duplicate',
    about: 'Events arrive twice, or events arrive that nobody published.',
    names: [
      'idempotency',
      'ids-as-text',
      'n-pings',
      'forged-fields',
      'open-publish',
      'keys-exhausted',
      'forged-by-redis',
    ],
  },
  {
    title: 'Cut',
    about: 'Streams end, or are refused, while the server is alive.',
    names: [
      'quiet-stream',
      'total-time-limit',
      'worker-connections',
      'ephemeral-ports',
      'stale-keepalive',
      'kill-timeout',
      'token-stream',
      'session-on-one-worker',
      'one-address-takes-all',
      'slow-bodies',
    ],
  },
  {
    title: 'Does not come back',
    about:
      '`EventSource` reconnects after a cut, but never after an answer that is not `200` with `text/event-stream`.',
    names: [
      'deploy-502',
      'headers-held',
      'dead-worker-online',
      'seventh-tab',
      'expiry-kills-the-stream',
      'outlives-its-upstream',
    ],
  },
  {
    title: 'Memory',
    about: 'Memory, connections or load grow, or one worker has all of them.',
    names: [
      'slow-reader-memory',
      'half-open',
      'departed-readers-hold-workers',
      'listener-leak',
      'connection-per-stream',
      'nginx-reload',
      'instances-max',
      'n-pings',
      'pinned-publishes',
      'uneven-workers',
      'everybody-reads-everything',
      'pubsub-in-a-cluster',
    ],
  },
  {
    title: 'Deploy',
    about: 'It begins with a deploy, a reload or a restart.',
    names: [
      'deploy-502',
      'false-ack',
      'kill-timeout',
      'herd',
      'retry-too-short-for-the-fleet',
      'uneven-workers',
      'nginx-reload',
      'dead-worker-online',
      'instances-max',
      'token-stream',
      'session-on-one-worker',
    ],
  },
  {
    title: 'Who may read',
    about:
      '**Anyone who knows the address can read any topic. Where does the session check go? `EventSource` sends no `Authorization` header.** A check in front of the page does not protect the stream, and `new EventSource(url)` has no way to set a header: a check can use a cookie, or something in the address, which ends up in logs. Who may read which topic, with a token, a cookie or a ticket, and what each answer does to an `EventSource`: [Access](access.md). With the session of your own application (`authorize`): [Take it home](take-it-home.md).',
    names: [
      'token-in-url',
      'wildcard-cors-with-cookies',
      'expired-token-lives-on',
      'open-publish',
      'silent-anonymous',
      'expiry-kills-the-stream',
    ],
  },
]
