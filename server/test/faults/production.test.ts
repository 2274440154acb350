import { startProductionWorld } from './production-world.ts'
import { faultSuite } from './suite.ts'

// The same faults strike the shape of `make production`. nginx takes 50 publishes a second of one address: fewer bytes pass.
faultSuite({ start: startProductionWorld, withPubsub: false, largeBytes: 30_000_000 })
