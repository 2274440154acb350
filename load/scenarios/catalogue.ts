import { connectionPerStream } from './connection-per-stream.ts'
import { deadWorkerOnline } from './dead-worker-online.ts'
import { deploy502 } from './deploy-502.ts'
import { ephemeralPorts } from './ephemeral-ports.ts'
import { falseAck } from './false-ack.ts'
import { fanOut } from './fan-out.ts'
import { forgedFields } from './forged-fields.ts'
import { gzipProxy } from './gzip-proxy.ts'
import { gzip } from './gzip.ts'
import { halfOpen } from './half-open.ts'
import { handoverHole } from './handover-hole.ts'
import { headersHeld } from './headers-held.ts'
import { herd } from './herd.ts'
import { idempotency } from './idempotency.ts'
import { idsAsText } from './ids-as-text.ts'
import { instancesMax } from './instances-max.ts'
import { killTimeout } from './kill-timeout.ts'
import { listenerLeak } from './listener-leak.ts'
import { nPings } from './n-pings.ts'
import { nginxReload } from './nginx-reload.ts'
import { noReplay } from './no-replay.ts'
import { pinnedPublishes } from './pinned-publishes.ts'
import { proxyBuffer } from './proxy-buffer.ts'
import { pubsubReconnect } from './pubsub-reconnect.ts'
import { quietStream } from './quiet-stream.ts'
import type { Scenario } from './scenario.ts'
import { seventhTab } from './seventh-tab.ts'
import { slowReaderMemory } from './slow-reader-memory.ts'
import { staleKeepalive } from './stale-keepalive.ts'
import { trimmedHistory } from './trimmed-history.ts'
import { unevenWorkers } from './uneven-workers.ts'
import { workerConnections } from './worker-connections.ts'

/**
 * Every scenario, in the order in which the page and the report show them: the two that the lab starts from, then what is
 * lost, what is held back, what a proxy does, and what happens when workers come and go.
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
]
