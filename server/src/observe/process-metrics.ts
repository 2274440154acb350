import { AggregatorRegistry, collectDefaultMetrics, type Registry } from 'prom-client'

/**
 * How often the event loop is asked whether it is late. At prom-client's 10 ms the questions are most of what an idle worker
 * does: 1 % of a core for each.
 */
export const loopProbeMs = 100

/** Adds the metrics of the process. An application that has them already leaves this out. */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopProbeMs })
}

/** The Prometheus text of many workers. Their series differ in the label `worker`, so nothing is added up. */
export async function prometheusText(metrics: object[][]): Promise<string> {
  return await AggregatorRegistry.aggregate(metrics).metrics()
}
