import type { Case } from '../kit/case.ts'
import { eachExactly, history, idParameters } from './replay.ts'

/** The id of a client that comes back, in the spellings that clients give the parameter of the query. */
export const spellings: Case[] = [
  {
    id: 'replay/spellings',
    name: 'each spelling of the parameter that clients use resumes as the header does',
    rule: 'lab',
    why: 'a polyfill that comes back with its own spelling would get no replay, and no word of what it missed',
    needs: history,
    async check(target) {
      const [first] = await target.publishAll(['1', '2', '3'])
      await eachExactly(
        target,
        idParameters.map(name => ({ query: `${name}=${first}` })),
        ['2', '3'],
      )
    },
  },
  {
    id: 'replay/two-ids',
    name: 'two different ids in the query get a gap, in one spelling or in two',
    rule: 'lab',
    why: 'nobody knows which of them is the last: either may skip events, and a client must hear that',
    needs: history,
    async check(target) {
      const [first, second] = await target.publishAll(['1', '2', '3'])
      for (const [one, other] of [
        ['lastEventID', 'lastEventID'],
        ['lastEventID', 'lastEventId'],
        ['last_event_id', 'lastEventID'],
      ]) {
        const stream = await target.stream({ query: `${one}=${first}&${other}=${second}` })
        await stream.gap()
      }
    },
  },
  {
    id: 'return/spellings',
    name: 'an unknown id gets a gap in each spelling of the parameter that clients use',
    rule: 'lab',
    why: 'an id that is not heard is a loss that nobody is told of',
    async check(target) {
      for (const name of idParameters) {
        const stream = await target.stream({ query: `${name}=7` })
        await stream.next(`a gap for ?${name}=7`, ({ type }) => type === 'gap')
      }
    },
  },
]
