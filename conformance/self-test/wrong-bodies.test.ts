import { judgeAll } from './judge.ts'
import { wrongBodies } from './wrong-bodies.ts'

judgeAll('servers that read bodies wrongly', wrongBodies)
