import { setTimeout as pause } from 'node:timers/promises'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { comeBack, idsOf, missing, publishMany } from '../rig/published.ts'
import { scenario, type SideName } from '../scenario.ts'

const delayMs = 150

type Setting = { file: string; env: (direct: string, slow: string) => Record<string, string> }

const sides: Record<SideName, Setting> = {
  broken: {
    file: 'scenarios/naive/handover-hole.ts',
    env: (direct, slow) => ({ REDIS_URL: direct, HISTORY_REDIS_URL: slow }),
  },
  fixed: { file: 'server/src/main.ts', env: (_direct, slow) => ({ REDIS_URL: slow }) },
}

export const handoverHole = scenario({
  name: 'handover-hole',
  title: 'Events fall between the replay and the live stream',
  symptom:
    'Clients that reconnect under load miss one or two events in the middle, right after those that were replayed. Rare, and never on a laptop.',
  switch: 'naive/handover-hole.ts (history, then subscribe) against the hub: the same slow link to Redis',
  because:
    'What is published after Redis has read the history and before the stream has joined is in neither. The window is a round trip to Redis: here made 300 ms long.',
  fix: 'Join and replay from memory in one turn of the event loop: a batch enters the tail first and goes to those who have joined; the others have it from the tail.',
  code: [
    { file: 'server/src/hub/broadcast.ts', text: 'if (since === round) continue' },
    { file: 'server/src/hub/hub.ts', text: 'this.#returns?.tail.append(entries)' },
  ],
  sides,
  async measure(rig, { file, env }) {
    const redis = await rig.redis()
    const { link, port } = await rig.link(redis.address)
    const near = await rig.process(file, env(redis.url, redis.url))
    const far = await rig.process(file, env(redis.url, `redis://127.0.0.1:${port}`))
    const url = `${far.url}/events?topic=t`
    const before = await TestStream.openGreeted(url)
    const [last = ''] = await publishMany(near.url, 't', 1)
    await before.next(({ id }) => id === last, { withinMs: 3000 })
    before.close()
    await link.slow(delayMs, 0)
    const published = await publishMany(near.url, 't', 5)

    const returning = comeBack(url, last)
    // Across the whole hand-over, and some way beyond it.
    const until = performance.now() + 4 * delayMs
    while (performance.now() < until) {
      published.push((await publish(near.url, { topic: 't', data: 'while it joins' })).id)
      await pause(10)
    }
    await using back = await returning
    const [closing = ''] = await publishMany(near.url, 't', 1)
    await back.next(({ id }) => id === closing, { withinMs: 5000 })
    const received = idsOf(back)
    const missed = missing(published, received)
    const first = published.indexOf(missed[0] ?? '')
    return {
      published: published.length,
      received: received.length - 1,
      missed: missed.length,
      // In the middle, and without an event between them that came.
      oneHole: first > 0 && missed.join() === published.slice(first, first + missed.length).join(),
      ordered: received.join() === [...published, closing].filter(id => received.includes(id)).join(),
    }
  },
  judge: {
    broken: ({ published, missed, oneHole, ordered }) => ({
      predicted: 'one run of events lost, right after the replayed ones',
      measured: `${missed} of ${published} lost, ${oneHole ? 'in one run' : 'not in one run'}`,
      holds: missed > 0 && oneHole && ordered,
      evidence: 'the replay ends before the run, the live stream begins after it',
    }),
    fixed: ({ published, received, missed, ordered }) => ({
      predicted: 'none lost, none duplicate',
      measured: `${missed} of ${published} lost`,
      holds: missed === 0 && ordered && received === published,
    }),
  },
})
