import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAsk } from '../ask.ts';
import { Badge, Loaded, Section } from '../parts.tsx';
import { linkTo, type Address } from '../router.ts';
import { TryOut, type Description } from './try-out.tsx';

/** What answers better than any command. */
interface BetterAnswer {
  summary: string;
  how: string;
}

interface FoundTool {
  tool: string;
  risk: string;
  summary: string;
  toolset: string;
}

const Search = ({ profile }: { profile: string | undefined }): JSX.Element => {
  const [words, setWords] = useState('');
  const [query, setQuery] = useState('');
  // Typing asks once it has paused.
  useEffect(() => {
    const timer = setTimeout(() => setQuery(words.trim()), 200);
    return () => clearTimeout(timer);
  }, [words]);
  const asked = useAsk<{ matches: FoundTool[]; total: number; lead?: BetterAnswer }>('find', {
    query,
    profile,
    limit: query ? 30 : 1000,
  });
  return (
    <Section title="Tools" wide>
      <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          What do you want to do?
          <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
      </form>
      <Loaded asked={asked}>
        {({ matches, total, lead }) => (
          <>
            {lead ? (
              <p>
                <strong>{lead.summary}</strong>: ask your assistant, or {lead.how}.
              </p>
            ) : null}
            <p class="quiet" role="status">
              {query ? `${matches.length} of ${total} that match` : `${total} tools`}
            </p>
            <ul class="actions">
              {matches.map(({ tool, risk, summary, toolset }) => (
                <li key={tool}>
                  <a href={linkTo(['tools', tool])}>{tool}</a> <Badge>{risk}</Badge>{' '}
                  <span class="quiet">
                    {summary} ({toolset})
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Section>
  );
};

const OneTool = ({
  name,
  place,
  profile,
}: {
  name: string;
  place: Address;
  profile: string | undefined;
}): JSX.Element => {
  const asked = useAsk<Description>('describe', { tool: name, profile });
  return (
    <div class="grid">
      <p class="wide">
        <a href={linkTo(['tools'])}>All tools</a>
      </p>
      <Loaded asked={asked}>
        {(tool) => <TryOut key={name} tool={tool} given={Object.fromEntries(place.query)} profile={profile} />}
      </Loaded>
    </div>
  );
};

/** Every tool that the cloud offers, and each of them to try out. */
export const Tools = ({ place, profile }: { place: Address; profile: string | undefined }): JSX.Element => {
  const [name] = place.rest;
  return name ? <OneTool name={name} place={place} profile={profile} /> : <Search profile={profile} />;
};
