import { startLabWorld } from './lab-world.ts'
import { faultSuite } from './suite.ts'

faultSuite({ start: startLabWorld, withPubsub: true, largeBytes: 100_000_000 })
