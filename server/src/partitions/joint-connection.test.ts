import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { eventFrame, gapFrame, heartbeatFrame } from '../frame.ts'
import { TextConnection } from '../../test/support/fake-connection.ts'
import { readCursor } from './cursor.ts'
import { JointConnection } from './joint-connection.ts'

const idsIn = (text: string) =>
  text.split(/\r\n|\r|\n/).flatMap(line => (line.startsWith('id: ') ? [line.slice(4)] : []))

test('each id that a stream over two logs is given says what it has of both', () => {
  const connection = new TextConnection()
  const joint = new JointConnection(
    connection,
    new Map([
      [1, '5-0'],
      [4, '7-0'],
    ]),
  )
  const [one, four] = [joint.partOf(1), joint.partOf(4)]

  one.write(Buffer.from(eventFrame({ id: '1:6-0', data: 'a' }) + eventFrame({ id: '1:6-1', data: 'b' })))
  four.write(Buffer.from(gapFrame('4:9-0', '4:9-1')))
  one.write(Buffer.from(heartbeatFrame('1:8-0')))

  const read = idsIn(connection.text).map(id => [...(readCursor(id) ?? [])].flat().join(' '))
  assert.deepEqual(read, ['1 6-0 4 7-0', '1 6-1 4 7-0', '1 6-1 4 9-0', '1 8-0 4 9-0'])
})

test('nothing in data or in a type is taken for an id', () => {
  const part = fc.oneof(
    fc.constantFrom('\n', '\r', '\u2028', '\u2029', 'id: 1:9-9', '\u2028id: 1:9-9'),
    fc.string(),
  )
  fc.assert(
    fc.property(
      fc.array(part).map(parts => parts.join('')),
      data => {
        const connection = new TextConnection()
        const joint = new JointConnection(
          connection,
          new Map([
            [1, '0-0'],
            [2, '0-0'],
          ]),
        )

        joint.partOf(1).write(Buffer.from(eventFrame({ id: '1:5-0', type: '\u2028id: 1:7-7', data })))

        const [id = '', ...others] = idsIn(connection.text)
        assert.deepEqual(
          [[...(readCursor(id) ?? [])], others],
          [
            [
              [1, '5-0'],
              [2, '0-0'],
            ],
            [],
          ],
        )
        const plain = eventFrame({ id, type: '\u2028id: 1:7-7', data })
        assert.equal(connection.text, plain)
      },
    ),
  )
})
