import type { Case } from '../kit/case.ts'
import { equal, expect } from '../kit/expect.ts'

export const ids: Case[] = [
  {
    id: 'ids/no-nul',
    name: 'no id holds NUL',
    rule: 'must',
    why: 'a browser ignores such an id, and comes back with an older one',
    after: ['delivery/arrives'],
    async check(target) {
      const stream = await target.stream()
      if (target.options.publish !== undefined) await target.dataBeforeEnd(stream)
      const all = stream.lines.blocks.flatMap(({ fields }) => fields).filter(([name]) => name === 'id')
      equal(
        'ids with NUL',
        all.filter(([, id]) => id.includes('\0')),
        [],
      )
    },
  },
  {
    id: 'ids/every-event',
    name: 'every published event has an id in its own block',
    rule: 'lab',
    why: 'a client that is cut behind an event without one gets it again, or is told of a gap',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      await target.publishAll(['a', 'b', 'c'])
      await target.dataBeforeEnd(stream)
      const without = target.published(stream).filter(({ id }) => id === undefined || id === '')
      equal('events without an id', without.length, 0)
    },
  },
  {
    id: 'ids/acknowledged',
    name: 'the id in the answer to a publish is the id of the event',
    rule: 'lab',
    why: 'nobody can tell which event was acknowledged otherwise',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      const id = await target.publish('a')
      equal('the id of the event', (await stream.data('a')).id, id)
    },
  },
  {
    id: 'ids/unique',
    name: 'no two events have the same id',
    rule: 'lab',
    why: 'a client that drops duplicates by id loses an event',
    needs: ['publish'],
    async check(target) {
      const stream = await target.stream()
      await Promise.all(Array.from({ length: 20 }, (_, n) => target.publish(n)))
      await target.dataBeforeEnd(stream)
      const all = target.published(stream).map(({ id }) => id)
      equal(
        'ids that came twice',
        all.filter((id, n) => all.indexOf(id) !== n),
        [],
      )
      equal('ids', all.length, 21)
    },
  },
  {
    id: 'ids/same-for-all',
    name: 'all clients get the same id for the same event',
    rule: 'lab',
    why: 'a client that comes back to another worker brings an id that it does not know',
    needs: ['publish'],
    async check(target) {
      const streams = await Promise.all(Array.from({ length: 6 }, () => target.stream()))
      const id = await target.publish('a')
      const seen = await Promise.all(streams.map(async stream => (await stream.data('a')).id))
      equal('ids', seen, Array(6).fill(id))
    },
  },
  {
    id: 'ids/grow',
    name: 'ids are positions that grow, by time and then by number',
    rule: 'lab',
    why: 'what is at or below the last id is never written again: one that falls back is lost',
    needs: ['publish', 'history'],
    async check(target) {
      const stream = await target.stream()
      await Promise.all(Array.from({ length: 20 }, (_, n) => target.publish(n)))
      await target.dataBeforeEnd(stream)
      const all = target.published(stream).map(({ id = '' }) => id)
      expect(
        all.every(id => /^\d+-\d+$/.test(id)),
        'ids',
        'positions',
        all,
      )
      for (const [n, id] of all.entries()) {
        const before = all[n - 1]
        if (before !== undefined) expect(isAbove(id, before), `the id after ${before}`, 'one above it', id)
      }
    },
  },
]

function isAbove(id: string, other: string): boolean {
  const [ms = 0n, seq = 0n] = id.split('-').map(BigInt)
  const [otherMs = 0n, otherSeq = 0n] = other.split('-').map(BigInt)
  return ms > otherMs || (ms === otherMs && seq > otherSeq)
}
