import 'reflect-metadata'
import { Controller, Get, Injectable, Module, Post, Req, Res } from '@nestjs/common'
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createSse } from '@sse-lab/server'
import type { Request, Response } from 'express'

@Injectable()
class Events implements OnModuleInit, BeforeApplicationShutdown {
  readonly sse = createSse({ redis: process.env.REDIS_URL })

  async onModuleInit(): Promise<void> {
    await this.sse.untilReady()
  }

  // Before Nest closes its server, which would wait for the streams.
  async beforeApplicationShutdown(): Promise<void> {
    await this.sse.drain()
  }
}

@Controller()
class EventsController {
  readonly #events: Events

  constructor(events: Events) {
    this.#events = events
  }

  @Get('events')
  async stream(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#events.sse.stream(request, response)
  }

  @Post('events')
  async publish(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#events.sse.receive(request, response)
  }

  @Get('healthz')
  health(@Res() response: Response): void {
    response.sendStatus(this.#events.sse.ready ? 200 : 503)
  }
}

@Module({ providers: [Events], controllers: [EventsController] })
class AppModule {}

// Without Nest's body parser receive() reads the body itself, and no digit of a number is lost.
const app = await NestFactory.create(AppModule, { bodyParser: false, logger: ['warn', 'error'] })
app.enableShutdownHooks()
await app.listen(Number(process.env.PORT ?? 3000))
