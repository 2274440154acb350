import { isSignedIn, signOut } from '../lab/session.ts'

/** Of package.json, see vite.config.ts. */
declare const LAB_VERSION: string

/** Where to go on, and what this is. */
export function Footer({ ranAt }: { ranAt: string | undefined }) {
  return (
    <>
      <nav aria-label="More">
        <a href="/docs/">Documentation</a>
        <a href="/docs/symptoms">Symptoms</a>
        <a href="/docs/take-it-home">Take it home</a>
        <a href="/docs/teaching">Teach it</a>
        {isSignedIn() && (
          <button type="button" class="small" onClick={signOut}>
            Sign out
          </button>
        )}
      </nav>
      <p>
        SSE Scaling Lab {LAB_VERSION}
        {ranAt === undefined ? '' : `, scenarios recorded on ${ranAt}`}. Nothing here is staged: every light
        and number was observed by a client of this tab.
      </p>
    </>
  )
}
