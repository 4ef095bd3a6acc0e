import { render, type JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { AppView } from './app.tsx';
import { ask, AskError, openLive, signedOut, useAsk } from './ask.ts';
import { appView } from './bridge.ts';
import type { Me, SignedOut } from './me.ts';
import { linkTo, usePlace, type Address } from './router.ts';
import { Account } from './views/account.tsx';
import { Activity } from './views/activity.tsx';
import { Approvals, type CallCard } from './views/approvals.tsx';
import { HealthView } from './views/health.tsx';
import { Plans } from './views/plans.tsx';
import { Overview } from './views/overview.tsx';
import { Resources } from './views/resources.tsx';
import { SignIn } from './views/sign-in.tsx';
import { Tools } from './views/tools.tsx';

const titles = {
  overview: 'Overview',
  approvals: 'Approvals',
  plans: 'Plans',
  resources: 'Resources',
  tools: 'Tools',
  activity: 'Calls',
  health: 'Health',
  account: 'You',
} as const;
type ViewName = keyof typeof titles;

const isView = (name: string): name is ViewName => Object.hasOwn(titles, name);

const View = ({
  name,
  place,
  me,
  profile,
  onChange,
}: {
  name: ViewName;
  place: Address;
  me: Me;
  profile: string | undefined;
  onChange: () => void;
}): JSX.Element => {
  switch (name) {
    case 'overview':
      return <Overview profile={profile} />;
    case 'approvals':
      return <Approvals code={place.rest[0]} onChange={onChange} />;
    case 'plans':
      return <Plans place={place} profile={profile} />;
    case 'resources':
      return <Resources place={place} profile={profile} />;
    case 'tools':
      return <Tools place={place} profile={profile} />;
    case 'activity':
      return <Activity />;
    case 'health':
      return <HealthView />;
    case 'account':
      return <Account me={me} profile={profile} />;
  }
};

const Shell = ({ me, onSignOut }: { me: Me; onSignOut: () => void }): JSX.Element => {
  const place = usePlace();
  const [profile, setProfile] = useState(me.profiles[0]);
  const waiting = useAsk<{ waiting: CallCard[] }>('approvals', {}, 60_000, 'approvals');
  useEffect(openLive, []);
  const count = waiting.data?.waiting.length ?? 0;
  const name = isView(place.view) ? place.view : 'overview';
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${titles[name]} – CloudStack`;
    // Who does not see the page is told that another view is there; the first one, the browser tells.
    if (!first.current) heading.current?.focus();
    first.current = false;
  }, [name, place.rest.join('/')]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          heading.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header>
        <span class="brand">CloudStack</span>
        <nav aria-label="Views">
          <ul>
            {Object.entries(titles).map(([view, title]) => (
              <li key={view}>
                <a href={linkTo([view])} aria-current={view === name ? 'page' : undefined}>
                  {title}
                  {view === 'approvals' && count ? <span class="number"> {count}</span> : null}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          {me.profiles.length > 1 ? (
            <label>
              Cloud{' '}
              <select value={profile} onChange={(event) => setProfile(event.currentTarget.value)}>
                {me.profiles.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            </label>
          ) : null}
          <span>
            {me.principal} <span class="quiet">({me.role})</span>
          </span>
          <button type="button" onClick={onSignOut}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main">
        <h1 tabIndex={-1} ref={heading}>
          {titles[name]}
        </h1>
        <View name={name} place={place} me={me} profile={profile} onChange={waiting.reload} />
      </main>
    </>
  );
};

/** The code of a link is taken out of the address before anything else, and goes to the server in a body. */
const takeCode = (): string | undefined => {
  const [, code] = /^#start=([\w-]+)$/.exec(location.hash) ?? [];
  if (code !== undefined) history.replaceState(null, '', '/');
  return code;
};

const problems: Readonly<Record<string, string>> = {
  issuer: 'The identity provider did not answer as it should.',
  other: 'This was another sign-in, or it took too long.',
  denied: 'The identity provider did not sign you in.',
  role: 'You have no role here.',
  token: 'What the identity provider sent about you is not valid here.',
};

/** What went wrong at the identity provider, by the server's word for it. */
const takeProblem = (): string | undefined => {
  const [, word = ''] = /^#problem=(\w+)$/.exec(location.hash) ?? [];
  if (Object.hasOwn(problems, word)) history.replaceState(null, '', '/');
  return problems[word];
};

const Page = (): JSX.Element | null => {
  const [state, setState] = useState<Me | SignedOut>();
  const [problem, setProblem] = useState<{ message: string; hint: string }>();
  const load = useCallback(
    () =>
      ask<Me | SignedOut>('me').then(setState, (error: unknown) => {
        if (error instanceof AskError) setProblem(error);
      }),
    [],
  );
  useEffect(() => {
    const message = takeProblem();
    if (message !== undefined) setProblem({ message, hint: 'Try again, or ask the operator of this server.' });
    const code = takeCode();
    const begun = code === undefined ? Promise.resolve() : ask('sign-in', { code });
    begun
      .catch((error: unknown) => {
        if (error instanceof AskError) setProblem(error);
      })
      .then(load, load);
    const onSignedOut = (): void => {
      setProblem({ message: 'Your session has ended.', hint: 'Sign in again.' });
      void load();
    };
    addEventListener(signedOut, onSignedOut);
    return () => removeEventListener(signedOut, onSignedOut);
  }, [load]);
  const signOut = (): void => {
    void ask('sign-out').then(() => {
      setProblem(undefined);
      return load();
    });
  };
  if (!state) return problem ? <SignIn ways={[]} problem={problem} onSignedIn={() => void load()} /> : null;
  return 'principal' in state ? (
    <Shell me={state} onSignOut={signOut} />
  ) : (
    <SignIn
      ways={state.signIn}
      problem={problem}
      onSignedIn={() => {
        setProblem(undefined);
        void load();
      }}
    />
  );
};

render(appView === undefined ? <Page /> : <AppView view={appView} />, document.body);
