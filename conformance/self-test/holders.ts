import type { ServerResponse } from 'node:http'
import { Model } from './model.ts'

/** A server behind a proxy that sends nothing of a stream until the stream ends. */
export class HoldsStream extends Model {
  override async open() {}
}

/** A server behind a proxy that sends the head of a stream, and holds the rest. */
export class HoldsBody extends Model {
  override async greet(response: ServerResponse) {
    response.writeHead(200, this.headers()).flushHeaders()
  }
  override write() {}
  override heartbeat() {}
}
