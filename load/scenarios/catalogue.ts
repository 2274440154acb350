import { deadWorkerOnline } from './dead-worker-online.ts'
import { deploy502 } from './deploy-502.ts'
import { fanOut } from './fan-out.ts'
import { forgedFields } from './forged-fields.ts'
import { herd } from './herd.ts'
import { instancesMax } from './instances-max.ts'
import { killTimeout } from './kill-timeout.ts'
import { quietStream } from './quiet-stream.ts'
import { handoverHole } from './handover-hole.ts'
import { idsAsText } from './ids-as-text.ts'
import { noReplay } from './no-replay.ts'
import { pubsubReconnect } from './pubsub-reconnect.ts'
import { trimmedHistory } from './trimmed-history.ts'
import type { Scenario } from './scenario.ts'
import { unevenWorkers } from './uneven-workers.ts'

/** Every scenario, in the order in which the page and the report show them: the two that the lab starts from come first. */
export const catalogue: readonly Scenario[] = [
  fanOut,
  quietStream,
  deploy502,
  forgedFields,
  noReplay,
  pubsubReconnect,
  handoverHole,
  idsAsText,
  trimmedHistory,
  killTimeout,
  herd,
  unevenWorkers,
  deadWorkerOnline,
  instancesMax,
]
