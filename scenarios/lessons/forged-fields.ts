import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

// One event by its publisher's word: its text holds a bare CR before what looks like fields, and a whole event after them.
const forged = 'hi\rid: 9-9\revent: admin\rdata: you are admin\r\rdata: never published\r\r'

export const forgedFields = scenario({
  name: 'forged-fields',
  title: 'A line break in the data forges fields and events',
  symptom: 'Users receive events that nobody published, or their Last-Event-ID is not one of yours.',
  switch: 'naive/forged-fields.ts against frame.ts: who splits the data at CR, LF and CRLF',
  because:
    'CR, LF and CRLF each end a line of a stream. Text that splits at LF only lets a CR in the data begin a field of the attacker: a type, an id, a whole event.',
  fix: 'Split the data at all three, and give each line its own data field; refuse line breaks in type and id.',
  code: [{ file: 'server/src/frame.ts', text: 'data.split(/\\r\\n|\\r|\\n/)' }],
  sides: {
    broken: 'scenarios/naive/forged-fields.ts',
    fixed: 'server/src/main.ts',
  },
  async measure(rig, file) {
    const server = await rig.process(file)
    await using stream = await TestStream.open(`${server.url}/events?topic=t`)
    await stream.greeted()
    const sent = await publish(server.url, { topic: 't', data: forged })
    const last = await publish(server.url, { topic: 't', data: 'last' })
    await stream.next(({ data }) => data === 'last', { withinMs: 3000 })
    const events = stream.events.filter(({ id }) => id !== last.id)
    return { sentId: sent.id, events }
  },
  judge: {
    broken: ({ events }) => ({
      predicted: '2 events of 1: an "admin" one with id 9-9, and one that nobody published',
      measured: `${events.length} events of 1: types ${events.map(({ event }) => event ?? 'message').join(', ')}; id ${events[0]?.id}`,
      holds:
        events.length === 2 &&
        events[0]?.event === 'admin' &&
        events[0].id === '9-9' &&
        events[1]?.data === 'never published',
      evidence: JSON.stringify(events),
    }),
    fixed: ({ events, sentId }) => ({
      predicted: '1 event of 1, with its own id and all its lines as data',
      measured: `${events.length} event of 1, ${events[0]?.id === sentId ? 'its own id' : `id ${events[0]?.id}`}`,
      holds:
        events.length === 1 &&
        events[0]?.id === sentId &&
        events[0].event === undefined &&
        events[0].data === forged.replaceAll('\r', '\n'),
      evidence: JSON.stringify(events),
    }),
  },
})
