import type { ErrorRequestHandler } from 'express'
import { z } from 'zod'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import { problemOf, sendProblem, type Problem } from './problem.ts'

// What serves the page refuses a wrong range or condition with a status of its own.
const pageError = z.object({ status: z.number().int().min(400).max(499) })

/** Turns every error of a call into problem details. An error that no call is to blame for is logged, and is a 500. */
export function answerErrors(log: Log): ErrorRequestHandler {
  const failed = new RepeatedFact(log, { text: 'call failed', level: 'error' })
  return (error: unknown, request, response, _next) => {
    const problem = pageProblem(error) ?? problemOf(error)
    if (problem.status === 500) {
      failed.happened({ err: error, method: request.method, path: request.path }, kindOf(error))
    }
    sendProblem(response, problem)
  }
}

function pageProblem(error: unknown): Problem | undefined {
  const { success, data } = pageError.safeParse(error)
  return success
    ? { status: data.status, code: 'refused', detail: 'The page cannot be had like this.' }
    : undefined
}
