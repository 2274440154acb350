import { readHello, readOldest, type Stream, type StreamListeners } from './stream.ts'

/**
 * A stream as people write it first: an `EventSource`, and nothing around it. The broken side uses it. The browser comes
 * back by itself after a cut; one answer that is not `200 text/event-stream`, and it is over: `state('closed')`.
 *
 * Only the back/forward cache is minded, since this page must not stay deaf in it.
 */
export function openPlainStream(options: { url: string | URL }, listeners: StreamListeners): Stream {
  let source = open()
  const lifetime = new AbortController()
  const { signal } = lifetime

  function open(): EventSource {
    const opened = new EventSource(options.url)
    listeners.state?.('opening')
    opened.addEventListener('error', () => {
      listeners.state?.(opened.readyState === EventSource.CLOSED ? 'closed' : 'reconnecting')
    })
    opened.addEventListener('hello', ({ data, lastEventId }: MessageEvent<string>) => {
      const hello = readHello(data)
      listeners.state?.('open')
      if (hello) listeners.hello?.(hello, lastEventId)
    })
    opened.addEventListener('heartbeat', ({ lastEventId }) => listeners.heartbeat?.(lastEventId))
    opened.addEventListener('gap', ({ data, lastEventId }: MessageEvent<string>) =>
      listeners.gap?.(readOldest(data), lastEventId),
    )
    opened.addEventListener('message', ({ data, lastEventId }: MessageEvent<string>) =>
      listeners.event?.({ id: lastEventId, type: 'message', data }),
    )
    return opened
  }

  addEventListener('pagehide', () => source.close(), { signal })
  const shown = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) source = open()
  }
  addEventListener('pageshow', shown, { signal })
  return {
    close() {
      lifetime.abort()
      source.close()
    },
  }
}
