import { judgeAll } from './judge.ts'
import { wrongConnections } from './wrong-connections.ts'

judgeAll('servers that are wrong about connections', wrongConnections)
