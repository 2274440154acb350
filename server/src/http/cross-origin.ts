import cors from 'cors'
import type { RequestHandler } from 'express'

// Repeating what a preflight asks for, as cors does by itself, makes the answer's headers as long as the question. Above 4 KiB a
// proxy takes the answer for broken, and says that no server is there. [fetch] * is every name but Authorization; the lab's own
// are there for browsers that do not know it.
const allowedHeaders = ['*', 'Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID']

/** Lets pages of these origins call, with any headers, and with the cookie that says who they are. */
export function crossOrigin(
  origins: readonly string[],
  more: { methods?: string[]; maxAge?: number } = {},
): RequestHandler {
  return cors({ origin: [...origins], allowedHeaders, credentials: true, ...more })
}
