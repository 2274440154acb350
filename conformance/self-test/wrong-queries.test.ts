import { judgeAll } from './judge.ts'
import { wrongQueries } from './wrong-queries.ts'

judgeAll('servers that read queries wrongly', wrongQueries)
