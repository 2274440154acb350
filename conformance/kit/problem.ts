import { z } from 'zod'
import type { Answer } from './answer.ts'
import { equal, expect, Failure, show } from './expect.ts'

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
})

/** Fails unless the answer is a refusal in the form of RFC 9457, whatever its code, that blames the caller. */
export function refused(answer: Answer): z.output<typeof problem> {
  const { status, text } = answer
  expect(status >= 400 && status <= 499, `the status of ${show(text.slice(0, 160))}`, '400 to 499', status)
  return readProblem(answer)
}

/** Fails unless the answer has this status and this code of the lab's, in the form of RFC 9457. Returns its detail. */
export function refusedWith(answer: Answer, status: number, code: string): string {
  equal(`the status of ${show(answer.text.slice(0, 160))}`, answer.status, status)
  const said = readProblem(answer)
  equal('the code in the body', said.code, code)
  return said.detail
}

function readProblem(answer: Answer): z.output<typeof problem> {
  const { status, text } = answer
  const type = answer.header('content-type') ?? ''
  expect(type.startsWith('application/problem+json'), 'Content-Type', 'application/problem+json', type)
  const read = problem.safeParse(JSON.parse(text))
  if (!read.success)
    throw new Failure(`the problem details: wanted type, title, status, code, detail; saw ${text}`)
  equal('the status in the body', read.data.status, status)
  return read.data
}
