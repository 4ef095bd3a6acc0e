import type { JSX } from 'preact';
import { inWords, useAsk, type CallAnswer } from '../ask.ts';
import { Loaded, Section } from '../parts.tsx';
import type { Me } from '../me.ts';
import { PasskeysView } from './passkeys.tsx';

const ways = { issuer: 'at the identity provider', token: 'with a token', link: 'with the link of your terminal' };

/** Who is signed in, and what they may do. */
export const Account = ({ me, profile }: { me: Me; profile: string | undefined }): JSX.Element => {
  const asked = useAsk<CallAnswer>('whoami', { profile });
  return (
    <div class="grid">
      <Section title="You here" wide>
        <dl class="fields">
          <div>
            <dt>Name</dt>
            <dd>{me.principal}</dd>
          </div>
          <div>
            <dt>Role</dt>
            <dd>{me.role}</dd>
          </div>
          <div>
            <dt>Policy</dt>
            <dd>{me.policy}</dd>
          </div>
          <div>
            <dt>Signed in</dt>
            <dd>
              {ways[me.method]}, until {new Date(me.until).toLocaleString()}
            </dd>
          </div>
        </dl>
      </Section>
      <PasskeysView />
      <Section title="Your account in the cloud" wide>
        <Loaded asked={asked}>
          {({ rows }) => (
            <dl class="fields">
              {Object.entries(rows[0] ?? {}).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{inWords(value)}</dd>
                </div>
              ))}
            </dl>
          )}
        </Loaded>
      </Section>
    </div>
  );
};
