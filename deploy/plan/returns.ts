import type { Values } from './constants.ts'
import { fittedRetry, simulateReturn, type Cores, type Herd, type Return } from './herd.ts'
import type { Plan } from './plan.ts'

/** How the streams of a plan come back. */
export type Returns = {
  /** All at once, told what is told now. */
  now: Return
  /** The same, told what lets nobody wait: up to `fittedRetryMaxS`, which is Infinity where nothing does. */
  fitted: Return
  fittedRetryMaxS: number
  /** Half of the hosts are lost, and their streams come to the other half. */
  halfLost: Return
}

/** Simulates them. The herd meets all hosts but one. */
export function returnsOf({ question, hosts, workersPerHost, busyCores }: Plan, values: Values): Returns {
  const inWorkers = busyCores.deliveries + busyCores.heartbeats + busyCores.publishes + busyCores.reading
  const herd: Herd = {
    streams: question.streams,
    stay: 0,
    room: (hosts - 1) * workersPerHost * values.connectionsMax,
    hosts: { cores: (hosts - 1) * question.hostCores, loadCores: inWorkers + busyCores.nginx },
    workers: { cores: (hosts - 1) * workersPerHost, loadCores: inWorkers },
    cost: { openUs: values.nginxOpenUs, returnUs: values.returnUs, laterUs: values.nginxLaterUs },
    laterS: [values.laterMinS, values.laterMaxS],
  }
  const retryS = [values.retryMinS, values.retryMaxS] as const
  const fittedRetryMaxS = fittedRetry(herd, retryS)
  return {
    now: simulateReturn(herd, retryS),
    fitted: simulateReturn(herd, [values.retryMinS, Math.min(fittedRetryMaxS, 3600)]),
    fittedRetryMaxS,
    halfLost: simulateReturn(halved(herd), retryS),
  }
}

/** The same load on half of the cores, with half of the streams still there. */
function halved(herd: Herd): Herd {
  const { streams, room, hosts, workers } = herd
  return {
    ...herd,
    streams: streams / 2,
    stay: streams / 2,
    room: room / 2,
    hosts: half(hosts),
    workers: half(workers),
  }
}

function half({ cores, loadCores }: Cores): Cores {
  return { cores: cores / 2, loadCores }
}
