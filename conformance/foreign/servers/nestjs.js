import 'reflect-metadata'
import { Body, Controller, HttpCode, Module, Post, Query, Sse } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { filter, map, Subject } from 'rxjs'

class Events {
  published = new Subject()
  stream(topic) {
    return this.published.pipe(
      filter(event => event.topic === topic),
      map(({ type, data }) => ({ type, data })),
    )
  }
  publish(event) {
    this.published.next(event)
  }
}
class App {}
// Decorators by hand: Node runs this file as it is.
const of = name => [Events.prototype, name, Object.getOwnPropertyDescriptor(Events.prototype, name)]
Query('topic')(Events.prototype, 'stream', 0)
Sse('events')(...of('stream'))
Body()(Events.prototype, 'publish', 0)
HttpCode(202)(...of('publish'))
Post('events')(...of('publish'))
Controller()(Events)
Module({ controllers: [Events] })(App)

const app = await NestFactory.create(App, { logger: false })
await app.listen(0, '127.0.0.1')
process.stdout.write(`${app.getHttpServer().address().port}\n`)
