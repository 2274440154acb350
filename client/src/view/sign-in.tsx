import { useState } from 'preact/hooks'
import { isSignedIn, signIn, type Refused } from '../lab/session.ts'

/** `expired`: it was known when the page opened. */
export type SignInReason = Refused | 'expired'

/** Asks for a token, where the server gives nobody a stream without one. */
export function SignIn({ reason, topic }: { reason: SignInReason; topic: string }) {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string>()
  const command = `make token SUB=me SUBSCRIBE='${topic},page/*' PUBLISH='${topic},page/*'`
  return (
    <form
      id="sign-in"
      autocomplete="off"
      onSubmit={event => {
        event.preventDefault()
        setProblem(signIn(token.trim()))
      }}
    >
      <h2>{titles[reason]}</h2>
      <p>
        {reason === 'unknown' && isSignedIn()
          ? 'The token was not taken: it is revoked or too old, or another issuer signed it.'
          : texts[reason]}{' '}
        This prints one:
      </p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls must be reached by keyboard. */}
      <pre tabIndex={0} role="region" aria-label="The command that prints a token">
        <code>{command}</code>
      </pre>
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        required
        aria-describedby="token-note"
        value={token}
        onInput={event => setToken(event.currentTarget.value)}
      />
      <button type="submit">Sign in</button>
      <p id="token-note" role="status" class="hint">
        {problem ?? 'It is kept in a cookie until this browser is closed.'}
      </p>
    </form>
  )
}

const titles = {
  unknown: 'This server asks who you are',
  uncovered: 'Your token does not cover this page',
  expired: 'Your token has expired',
} as const

const texts = {
  unknown: 'Only clients with a token get a stream.',
  uncovered: 'It must allow the topic of the page, and page/* for the events that the page makes.',
  expired: 'The streams come back by themselves once there is a new one.',
} as const
