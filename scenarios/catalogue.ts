import { addedDelay } from './lessons/added-delay.ts'
import { connectionPerStream } from './lessons/connection-per-stream.ts'
import { deadWorkerOnline } from './lessons/dead-worker-online.ts'
import { departedReadersHoldWorkers } from './lessons/departed-readers-hold-workers.ts'
import { deploy502 } from './lessons/deploy-502.ts'
import { ephemeralPorts } from './lessons/ephemeral-ports.ts'
import { everybodyReadsEverything } from './lessons/everybody-reads-everything.ts'
import { expiredTokenLivesOn } from './lessons/expired-token-lives-on.ts'
import { expiryKillsTheStream } from './lessons/expiry-kills-the-stream.ts'
import { failoverLosesAcknowledged } from './lessons/failover-loses-acknowledged.ts'
import { falseAck } from './lessons/false-ack.ts'
import { fanOut } from './lessons/fan-out.ts'
import { forgedByRedis } from './lessons/forged-by-redis.ts'
import { forgedFields } from './lessons/forged-fields.ts'
import { gzipProxy } from './lessons/gzip-proxy.ts'
import { gzip } from './lessons/gzip.ts'
import { halfOpen } from './lessons/half-open.ts'
import { handoverHole } from './lessons/handover-hole.ts'
import { headersHeldDespiteFlush } from './lessons/headers-held-despite-flush.ts'
import { headersHeld } from './lessons/headers-held.ts'
import { herd } from './lessons/herd.ts'
import { idempotency } from './lessons/idempotency.ts'
import { idsAsText } from './lessons/ids-as-text.ts'
import { instancesMax } from './lessons/instances-max.ts'
import { keysExhausted } from './lessons/keys-exhausted.ts'
import { killTimeout } from './lessons/kill-timeout.ts'
import { listenerLeak } from './lessons/listener-leak.ts'
import { nPings } from './lessons/n-pings.ts'
import { nginxReload } from './lessons/nginx-reload.ts'
import { noReplay } from './lessons/no-replay.ts'
import { openPublish } from './lessons/open-publish.ts'
import { outlivesItsUpstream } from './lessons/outlives-its-upstream.ts'
import { oneAddressTakesAll } from './lessons/one-address-takes-all.ts'
import { pinnedPublishes } from './lessons/pinned-publishes.ts'
import { proxyBuffer } from './lessons/proxy-buffer.ts'
import { publishFlood } from './lessons/publish-flood.ts'
import { pubsubInACluster } from './lessons/pubsub-in-a-cluster.ts'
import { pubsubReconnect } from './lessons/pubsub-reconnect.ts'
import { quietStream } from './lessons/quiet-stream.ts'
import { retryTooShortForTheFleet } from './lessons/retry-too-short-for-the-fleet.ts'
import type { Scenario } from './scenario.ts'
import { seventhTab } from './lessons/seventh-tab.ts'
import { sessionOnOneWorker } from './lessons/session-on-one-worker.ts'
import { silentAnonymous } from './lessons/silent-anonymous.ts'
import { slowBodies } from './lessons/slow-bodies.ts'
import { slowReaderMemory } from './lessons/slow-reader-memory.ts'
import { staleKeepalive } from './lessons/stale-keepalive.ts'
import { tokenInUrl } from './lessons/token-in-url.ts'
import { tokenStream } from './lessons/token-stream.ts'
import { totalTimeLimit } from './lessons/total-time-limit.ts'
import { trimmedHistory } from './lessons/trimmed-history.ts'
import { twoProxies } from './lessons/two-proxies.ts'
import { twoRedisOnOneDisk } from './lessons/two-redis-on-one-disk.ts'
import { unevenWorkers } from './lessons/uneven-workers.ts'
import { wildcardCorsWithCookies } from './lessons/wildcard-cors-with-cookies.ts'
import { workerConnections } from './lessons/worker-connections.ts'

/**
 * Every scenario, in the order in which the page and the report show them: the two that the lab starts from, then what is
 * lost, what is held back, what a proxy does, what happens when workers come and go, what answers and sessions need that
 * outlive one response, who gets in that does not belong, what proxies other than nginx do, how one caller harms all others,
 * and what grows with the fleet.
 */
export const catalogue: readonly Scenario[] = [
  fanOut,
  quietStream,
  noReplay,
  pubsubReconnect,
  handoverHole,
  idsAsText,
  trimmedHistory,
  idempotency,
  forgedFields,
  slowReaderMemory,
  halfOpen,
  listenerLeak,
  connectionPerStream,
  nPings,
  proxyBuffer,
  twoProxies,
  gzip,
  gzipProxy,
  headersHeld,
  deploy502,
  falseAck,
  pinnedPublishes,
  staleKeepalive,
  workerConnections,
  ephemeralPorts,
  nginxReload,
  seventhTab,
  herd,
  unevenWorkers,
  killTimeout,
  deadWorkerOnline,
  instancesMax,
  tokenStream,
  sessionOnOneWorker,
  openPublish,
  tokenInUrl,
  silentAnonymous,
  expiredTokenLivesOn,
  expiryKillsTheStream,
  wildcardCorsWithCookies,
  addedDelay,
  headersHeldDespiteFlush,
  totalTimeLimit,
  outlivesItsUpstream,
  departedReadersHoldWorkers,
  oneAddressTakesAll,
  publishFlood,
  slowBodies,
  keysExhausted,
  forgedByRedis,
  retryTooShortForTheFleet,
  everybodyReadsEverything,
  failoverLosesAcknowledged,
  pubsubInACluster,
  twoRedisOnOneDisk,
]
