import { judgeAll } from './judge.ts'
import { wrongStreams } from './wrong-streams.ts'

judgeAll('servers whose streams are wrong', wrongStreams)
