import { randomUUID } from 'node:crypto';
import type { Composition } from '../call/composition.ts';
import { CallError } from '../errors.ts';
import { siteOf, type Approver } from '../guard/approver.ts';
import { changePurpose, newPurpose, type Passkeys } from '../guard/passkeys.ts';
import type { NewPasskey, PasskeyProof } from '../guard/webauthn.ts';

/** A passkey that is added, or one that is removed by its id; `proof`: one that is there already agrees. */
export type PasskeyChange = { proof?: PasskeyProof | undefined } & ({ added: NewPasskey } | { removed: string });

/** A program that holds the token would have one of its own. */
const checkPerson = ({ mayBeProgram }: Approver): void => {
  if (mayBeProgram)
    throw new CallError(
      'refused',
      'You signed in with a token, which a program may also hold: passkeys cannot be added or removed.',
      'Sign in at the identity provider.',
    );
};

/** A challenge for a new passkey, or for a change of those that there are. */
export const askToChange = (passkeys: Passkeys, approver: Approver, isNew: boolean): Promise<string> => {
  checkPerson(approver);
  siteOf(approver);
  return passkeys.ask(approver.principal, isNew ? newPurpose : changePurpose);
};

/** Changes which passkeys someone has, and notes it in the audit log. Throws a CallError. */
export const changePasskeys = async (
  { guard: { passkeys }, audit }: Pick<Composition, 'guard' | 'audit'>,
  profile: string,
  approver: Approver,
  change: PasskeyChange,
): Promise<void> => {
  checkPerson(approver);
  await audit.ready();
  const begun = Date.now();
  const { principal } = approver;
  const site = siteOf(approver);
  if ('added' in change) await passkeys.add(principal, site, change.added, change.proof);
  else await passkeys.remove(principal, site, change.removed, change.proof);
  await audit.record({
    time: new Date(begun).toISOString(),
    call: randomUUID(),
    principal,
    host: 'page',
    profile,
    tool: 'added' in change ? 'add-passkey' : 'remove-passkey',
    params: { passkey: 'added' in change ? change.added.id : change.removed },
    result: 'done',
    duration: Date.now() - begun,
  });
};
