import type { CloseReason, Connection } from '../../src/hub/hub.ts'

/** A connection of no socket, which takes what is written as long as `takes` is true, and counts its bytes. */
export class FakeConnection implements Connection {
  bytes = 0
  takes = true
  unsentBytes = 0
  /** Why it was closed, each time. */
  readonly closed: CloseReason[] = []
  /** Hears what is written, before it is taken. */
  onWrite: (frames: Buffer) => void = () => undefined

  write(frames: Buffer): boolean {
    this.onWrite(frames)
    if (this.takes) this.bytes += frames.length
    return this.takes
  }

  async room(): Promise<void> {
    await new Promise(setImmediate)
  }

  sweep(): void {}
  end(): void {}

  close(reason: CloseReason): void {
    this.closed.push(reason)
  }
}

/** One that keeps the text of what it took. */
export class TextConnection extends FakeConnection {
  text = ''

  override write(frames: Buffer): boolean {
    const taken = super.write(frames)
    if (taken) this.text += frames.toString()
    return taken
  }

  /** The ids of the events in it. */
  get ids(): string[] {
    return [...this.text.matchAll(/^id: (.*)$/gm)].map(match => match[1] ?? '')
  }
}
