import { useState } from 'preact/hooks'

const saidMs = 2000

/** Some lines with a button that copies them. */
export function Copied({ place, text }: { place: string; text: string }) {
  const [said, say] = useState('')
  async function copy(): Promise<void> {
    // Browsers have a clipboard only for pages from this machine, or over TLS.
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    say(done ? 'Copied' : 'Select the lines')
    setTimeout(() => say(''), saidMs)
  }
  return (
    <figure class="copied">
      <figcaption>
        <span>{place}</span>
        <button type="button" class="small" onClick={() => void copy()} aria-label={`Copy: ${place}`}>
          {said || 'Copy'}
        </button>
      </figcaption>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls must be reached by keyboard. */}
      <pre tabIndex={0} role="region" aria-label={place}>
        <code>{text}</code>
      </pre>
      <span role="status" class="unseen">
        {said}
      </span>
    </figure>
  )
}
