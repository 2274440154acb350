import type { Values } from './constants.ts'
import { fittedRetry, simulateReturn, type Cores, type Herd, type Return } from './herd.ts'
import type { Plan } from './plan.ts'

/** How the streams of a plan come back. */
export type Returns = {
  /** All at once, told a time that does not know how many they are. */
  fixed: Return
  /** The same, told up to `toldMaxS`: what a server tells that knows its fleet (RETURNS_PER_SECOND). */
  now: Return
  toldMaxS: number
  /** The same, told what lets nobody wait: up to `fittedRetryMaxS`, which is Infinity where nothing does. */
  fitted: Return
  fittedRetryMaxS: number
  /** Half of the hosts are lost, and their streams come to the other half. */
  halfLost: Return
}

/** Simulates them. The herd meets all hosts but one. */
export function returnsOf(
  { question, workers, hosts, workersPerHost, busyCores }: Plan,
  values: Values,
): Returns {
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
  const spreadS = question.streams / workers / values.returnsPerSecond
  const toldS = [values.retryMinS, Math.max(values.retryMaxS, values.retryMinS + spreadS)] as const
  const fittedRetryMaxS = fittedRetry(herd, retryS)
  return {
    fixed: simulateReturn(herd, retryS),
    now: simulateReturn(herd, toldS),
    toldMaxS: toldS[1],
    fitted: simulateReturn(herd, [values.retryMinS, Math.min(fittedRetryMaxS, 3600)]),
    fittedRetryMaxS,
    halfLost: simulateReturn(halved(herd), toldS),
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
