import { setTimeout as pause } from 'node:timers/promises'
import { Router } from 'express'
import { z } from 'zod'
import { every } from '../every.ts'
import type { Grant } from '../grant.ts'
import { readJsonBody } from '../http/body.ts'
import { crossOrigin } from '../http/cross-origin.ts'
import { Refusal } from '../http/refusal.ts'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import { RateLimit } from '../rate-limit.ts'
import type { Authorize } from '../sse-options.ts'
import { openAuthorize, openIdentify } from './authorize.ts'
import type { Issuer } from './issuers.ts'
import { openKeys } from './keys.ts'
import { revokedField, revokedKey, revokedMs, Revocations, type Revoked } from './revocations.ts'
import { makeTicket, ticketMs } from './tickets.ts'
import { openVerify, type Verified, type Verify } from './token.ts'
import type { RedisClient } from '../redis-client.ts'

const readMs = 1000
const bodyBytesMax = 4096
const ticketsPerSecondMax = 10

export type JwtAccessParts = { issuers: readonly Issuer[]; origins: readonly string[]; log: Log }

/** Access control of the server with AUTH=jwt: who a token makes its bearer, until when, and what is revoked. */
export class JwtAccess {
  readonly #parts: JwtAccessParts
  readonly #verify: Verify
  readonly #revocations = new Revocations()
  readonly #unread: RepeatedFact
  // Each is a write to Redis: a subject opens so many streams a second at most.
  readonly #tickets = new RateLimit(ticketsPerSecondMax)
  readonly #grants = new WeakMap<Verified, Grant>()
  #redis: RedisClient | undefined

  constructor(parts: JwtAccessParts) {
    const { issuers, log } = parts
    this.#parts = parts
    const away = new RepeatedFact(log, { text: 'the keys of an issuer cannot be had', level: 'error' })
    const keysOf = ({ issuer, jwks }: Issuer) =>
      openKeys(jwks, { onError: error => away.happened({ err: error, issuer }, issuer) })
    this.#verify = openVerify(issuers.map(issuer => ({ ...issuer, keys: keysOf(issuer) })))
    this.#unread = new RepeatedFact(log, {
      text: 'revocations cannot be read: those that are known hold',
      over: 'revocations are read again',
    })
  }

  /** For `createSse`. */
  readonly authorize: Authorize = async request => await openAuthorize(this.#calls)(request)

  /** Begins to read what is revoked. Resolves when that is known for the first time; a revocation holds within two seconds. */
  async start(redis: RedisClient): Promise<void> {
    this.#redis = redis
    // Not known is not none.
    while (!(await this.#read(redis))) await pause(readMs / 5)
    every(readMs, async () => {
      this.#tickets.sweep()
      await this.#read(redis)
    })
  }

  /** `POST /events/tickets`: a ticket for the bearer of a token. */
  tickets(): Router {
    const router = Router()
    router.use(crossOrigin(this.#parts.origins, { methods: ['POST'] }))
    router.post('/', async (request, response) => {
      const verified = await openIdentify(this.#calls)(request)
      if (!verified.grant.subscribe?.length) throw new Refusal('forbidden', 'The token allows no stream.')
      if (!this.#tickets.take(verified.subject)) {
        throw new Refusal('too-many', 'Too many tickets of one subject. Come back later.')
      }
      const ticket = await makeTicket(this.#calls.redis, verified).catch(notNow)
      response.set('Cache-Control', 'no-store').status(201).json({ ticket, expiresInMs: ticketMs })
    })
    return router
  }

  /** `POST /api/revocations`, for operators: ends all streams of a subject or a token, and refuses its tokens of before. */
  revocations(): Router {
    const router = Router()
    router.post('/', async (request, response) => {
      const revoked = this.#readRevoked(await readJsonBody(request, bodyBytesMax, `${bodyBytesMax} bytes`))
      const { redis } = this.#calls
      const since = String(Date.now())
      await redis.hsetex(revokedKey, 'PX', revokedMs, 'FIELDS', 1, revokedField(revoked), since).catch(notNow)
      await this.#read(redis)
      response.set('Cache-Control', 'no-store').status(202).json(revoked)
    })
    return router
  }

  get #calls() {
    if (this.#redis === undefined) throw new Refusal('not-ready', 'Revocations were not read yet.')
    const { origins } = this.#parts
    return {
      verify: this.#verify,
      revocations: this.#revocations,
      redis: this.#redis,
      origins,
      grants: this.#grants,
    }
  }

  #readRevoked(body: unknown): Revoked {
    const read = revocation.safeParse(body)
    if (!read.success) {
      throw new Refusal(
        'bad-field',
        'The body must be {"sub"} or {"tokenId"}, and "issuer" where there are several.',
      )
    }
    const [first, ...others] = this.#parts.issuers
    const issuer = read.data.issuer ?? (others.length === 0 ? first?.issuer : undefined)
    if (issuer === undefined) throw new Refusal('bad-field', 'field "issuer" is missing: there are several.')
    return 'sub' in read.data ? { issuer, sub: read.data.sub } : { issuer, tokenId: read.data.tokenId }
  }

  async #read(redis: RedisClient): Promise<boolean> {
    try {
      this.#revocations.apply(await redis.hgetall(revokedKey), Date.now())
      this.#unread.over()
      return true
    } catch (error) {
      this.#unread.happened({ err: error }, kindOf(error))
      return false
    }
  }
}

function notNow(cause: unknown): never {
  throw new Refusal('not-ready', 'Redis did not answer in time. It may still take effect; repeat it later.', {
    cause,
  })
}

const issuer = z.string().max(512).optional()
const revocation = z.union([
  z.strictObject({ issuer, sub: z.string().min(1).max(256) }),
  z.strictObject({ issuer, tokenId: z.string().min(1).max(256) }),
])
