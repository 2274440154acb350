import express, { type Express, type RequestHandler } from 'express'
import { Refusal } from './refusal.ts'

/** An Express application without what Express does by itself and nobody here wants. */
export function bareApp(): Express {
  const app = express()
  app.disable('x-powered-by')
  // nginx knows /events alone: /Events or /events/ would work until the first restart, and then end for good.
  app.enable('strict routing')
  app.enable('case sensitive routing')
  app.set('etag', false)
  app.use((_request, response, next) => {
    // A browser that guesses what a body is may run what a publisher wrote.
    response.set('X-Content-Type-Options', 'nosniff')
    next()
  })
  return app
}

/** For answers that are true for now alone. */
export const uncached: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

/** Refuses every other method of a path. `allow` is the header of that name. */
export function only(allow: string): RequestHandler {
  return (_request, response) => {
    response.set('Allow', allow)
    throw new Refusal('method-not-allowed', `This path takes ${allow}.`)
  }
}
