import type { Case } from './case.ts'
import { bodies } from '../cases/bodies.ts'
import { corsRules } from '../cases/cors.ts'
import { delivery } from '../cases/delivery.ts'
import { exact } from '../cases/exact.ts'
import { framing } from '../cases/framing.ts'
import { headers } from '../cases/headers.ts'
import { heads } from '../cases/heads.ts'
import { hello } from '../cases/hello.ts'
import { http } from '../cases/http.ts'
import { ids } from '../cases/ids.ts'
import { methods } from '../cases/methods.ts'
import { once } from '../cases/once.ts'
import { pipelining } from '../cases/pipelining.ts'
import { publishing } from '../cases/publishing.ts'
import { queries } from '../cases/queries.ts'
import { reading } from '../cases/reading.ts'
import { replay } from '../cases/replay.ts'
import { returning } from '../cases/returning.ts'
import { spellings } from '../cases/spellings.ts'
import { topics } from '../cases/topics.ts'
import { unwantedBody } from '../cases/unwanted-body.ts'

/** Every case of the kit, in the order of the report. */
export const cases: readonly Case[] = [
  headers,
  delivery,
  framing,
  hello,
  ids,
  replay,
  returning,
  spellings,
  methods,
  corsRules,
  http,
  heads,
  pipelining,
  reading,
  topics,
  queries,
  publishing,
  exact,
  bodies,
  once,
  unwantedBody,
].flat()
