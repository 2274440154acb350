import { judgeAll } from './judge.ts'
import { wrongContracts } from './wrong-contracts.ts'

judgeAll('servers whose contract is wrong', wrongContracts)
