import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, AskError } from '../ask.ts';
import { Problem } from '../parts.tsx';
import type { SignedOut } from '../me.ts';

/** What someone sees who is not signed in. */
export const SignIn = ({
  ways,
  problem,
  onSignedIn,
}: {
  ways: SignedOut['signIn'];
  problem: { message: string; hint: string } | undefined;
  onSignedIn: () => void;
}): JSX.Element => {
  const [token, setToken] = useState('');
  const [error, setError] = useState<AskError>();
  const signIn = async (): Promise<void> => {
    try {
      await ask('sign-in', { token: token.trim() });
      onSignedIn();
    } catch (caught) {
      if (caught instanceof AskError) setError(caught);
    }
  };
  return (
    <main class="sign-in card" id="main">
      <h1>CloudStack</h1>
      <Problem error={error ?? problem} />
      {ways.includes('issuer') ? (
        <p>
          <a class="button main" href="/page/sign-in">
            Sign in
          </a>
        </p>
      ) : null}
      {ways.includes('token') ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void signIn();
          }}
        >
          <label>
            Token
            <input
              type="password"
              autocomplete="off"
              required
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="main">
            Sign in with the token
          </button>
        </form>
      ) : null}
      {ways.includes('link') ? (
        <p>
          Open the link that <code>cloudstack-mcp-server ui</code> shows at your terminal. It works once; start the
          command again for a new one.
        </p>
      ) : null}
      {ways.length ? null : <p>No one can sign in here: the configuration names no client id and no token.</p>}
    </main>
  );
};
