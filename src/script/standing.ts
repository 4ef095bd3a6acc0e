import type { Composition } from '../call/composition.ts';
import { recorded, type Run } from '../call/run.ts';
import type { ScriptSettings } from '../config/script.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { commandsIn } from './bounds.ts';
import { loadStoredScripts, requireStoredScript } from './stored.ts';

/** What a person at a terminal asks of standing approvals. Times in milliseconds. */
export type StandingScriptAsked =
  | {
      action: 'give';
      name: string;
      principals: readonly string[];
      times: number;
      per: number | undefined;
      until: number;
      user: string;
    }
  | { action: 'list' }
  | { action: 'revoke'; id: string };

type ListedApproval = Awaited<ReturnType<Composition['guard']['listStanding']>>[number];

const toRow = ({ id, name, script, principals, times, per, used, until, by }: Omit<ListedApproval, 'given'>): Row => ({
  id,
  script: name,
  version: script.slice(0, 12),
  for: principals.join(', '),
  used: `${used} of ${times}${per === undefined ? '' : ` in ${per / 1000} s`}`,
  until: new Date(until).toISOString(),
  by: [...new Set(by)].join(', '),
});

const toOutcome = (text: string, rows: readonly Row[]): Outcome => ({
  text,
  structured: { items: rows },
  rows: () => rows,
  columns: ['id', 'script', 'version', 'for', 'used', 'until', 'by', 'note'],
});

/** Gives, lists or revokes standing approvals of stored scripts. Throws a CallError. */
export const standingOf = (
  composition: Composition,
  request: CallRequest,
  asked: StandingScriptAsked,
  { scriptFolder }: ScriptSettings,
): Promise<Outcome> =>
  recorded(composition, request, async (run: Run) => {
    const { guard, clouds, audit } = composition;
    const { record } = run;
    guard.admit(run.request.caller);
    const { origin } = await clouds.open(run.request.caller.profile);
    const own = async (): Promise<readonly ListedApproval[]> => guard.listStanding(run.request, origin);
    if (asked.action === 'list') {
      const now = new Map(loadStoredScripts(scriptFolder).map(({ name, digest }) => [name, digest]));
      const rows = (await own()).map((one) => ({
        ...toRow(one),
        ...(now.get(one.name) === one.script
          ? {}
          : { note: 'the script has changed since, so the approval no longer counts' }),
      }));
      const lines = rows.map((row) => Object.values(row).join('  '));
      return toOutcome(lines.join('\n') || 'There are no standing approvals.', rows);
    }
    await audit.ready();
    if (asked.action === 'revoke') {
      const found = (await own()).find(({ id }) => id === asked.id.toUpperCase());
      if (!found || !(await guard.revokeStanding(found.id)))
        throw new CallError('not-found', `There is no standing approval ${toLabel(asked.id, 20)} here.`, '');
      record({ script: found.script, params: { action: 'revoke', standing: found.id, name: found.name } });
      return toOutcome(`${found.id} is revoked: ${found.name} is asked about again.`, [toRow(found)]);
    }
    const { name, principals, times, per, until, user } = asked;
    const { digest: script, code, inputs } = requireStoredScript(scriptFolder, name);
    record({ script, params: { action: 'give', name, principals, times, per, until: new Date(until).toISOString() } });
    const { approval, confirmation } = await guard.giveStanding(
      {
        name,
        script,
        origin,
        principals,
        times,
        per,
        until,
        user,
        named: commandsIn(code),
        inputs: inputs.map((one) => `${one.name} (${one.type})`),
      },
      { request: run.request, onQuestion: (question) => record({ question }) },
    );
    record({ confirmation: { ...confirmation, standing: approval.id } });
    return toOutcome(`Standing approval ${approval.id} is given. It ends when the script is changed.`, [
      toRow({ ...approval, used: 0 }),
    ]);
  });
