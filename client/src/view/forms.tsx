import { useState } from 'preact/hooks'
import type { Bench } from '../bench.ts'

const burst = 20

/** The topic that others hear, too, and what to send on it. */
export function Forms({ bench }: { bench: Bench }) {
  const [topic, setTopic] = useState(bench.topic)
  const [text, setText] = useState('Hello')
  const [isBusy, setBusy] = useState(false)
  /** One after the other, so that they have an order. */
  async function send(count: number): Promise<void> {
    if (isBusy) return
    setBusy(true)
    for (let sent = 0; sent < count; sent += 1) await bench.publish(text)
    setBusy(false)
  }
  // No topic has a quote in it, so the line is safe to paste.
  const body = JSON.stringify({ topic: bench.topic, data: 'Hello from a shell' })
  const curl = `curl -H 'Content-Type: application/json' \\\n  -d '${body}' \\\n  ${location.origin}/events`
  return (
    <div class="forms">
      <form
        autocomplete="off"
        onSubmit={event => {
          event.preventDefault()
          bench.join(topic.trim())
        }}
      >
        <label for="topic">Topic</label>
        <input
          id="topic"
          type="text"
          maxLength={256}
          spellcheck={false}
          autocapitalize="none"
          required
          value={topic}
          onInput={event => setTopic(event.currentTarget.value)}
        />
        <button type="submit">Join</button>
      </form>
      <form
        autocomplete="off"
        onSubmit={event => {
          event.preventDefault()
          void send(1)
        }}
      >
        <label for="text">Text</label>
        <input
          id="text"
          type="text"
          maxLength={500}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
        <button id="send" type="submit">
          {bench.sides.length > 1 ? 'Send to both' : 'Send'}
        </button>
        <button id="burst" type="button" aria-busy={isBusy} onClick={() => void send(burst)}>
          Send {burst}
        </button>
      </form>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls must be reached by keyboard. */}
      <pre id="curl" tabIndex={0} role="region" aria-label="The same with curl">
        <code>{curl}</code>
      </pre>
    </div>
  )
}
