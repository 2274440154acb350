import { deploy502 } from './deploy-502.ts'
import { ephemeralPorts } from './ephemeral-ports.ts'
import { falseAck } from './false-ack.ts'
import { fanOut } from './fan-out.ts'
import { forgedFields } from './forged-fields.ts'
import { gzip } from './gzip.ts'
import { gzipProxy } from './gzip-proxy.ts'
import { headersHeld } from './headers-held.ts'
import { nginxReload } from './nginx-reload.ts'
import { pinnedPublishes } from './pinned-publishes.ts'
import { proxyBuffer } from './proxy-buffer.ts'
import { quietStream } from './quiet-stream.ts'
import { seventhTab } from './seventh-tab.ts'
import { staleKeepalive } from './stale-keepalive.ts'
import { workerConnections } from './worker-connections.ts'
import type { Scenario } from './scenario.ts'

/** Every scenario, in the order in which the page and the report show them: the two that the lab starts from come first. */
export const catalogue: readonly Scenario[] = [
  fanOut,
  quietStream,
  deploy502,
  forgedFields,
  pinnedPublishes,
  proxyBuffer,
  gzip,
  gzipProxy,
  headersHeld,
  falseAck,
  seventhTab,
  workerConnections,
  ephemeralPorts,
  staleKeepalive,
  nginxReload,
]
