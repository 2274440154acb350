import { z } from 'zod'
import type { Answer } from './answer.ts'
import { equal, expect } from './expect.ts'

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
})

/** Fails unless the answer is a refusal in the form of RFC 9457, with this status and this code of the lab's. */
export function refusedWith(answer: Answer, status: number, code: string): void {
  equal(`the status of ${answer.text.slice(0, 160)}`, answer.status, status)
  const type = answer.header('content-type') ?? ''
  expect(type.startsWith('application/problem+json'), 'Content-Type', 'application/problem+json', type)
  const read = problem.safeParse(JSON.parse(answer.text))
  expect(read.success, 'the problem details', 'type, title, status, code and detail', answer.text)
  equal('status and code in the body', [read.data?.status, read.data?.code], [status, code])
}
