import type { CloudStack } from '../cloudstack/cloudstack.ts';
import type { Row } from '../rows.ts';
import type { CheckedCall, ListRows } from '../types.ts';

/** Milliseconds for which the tags of a cloud are believed to be as they were listed. */
const believedMs = 60_000;

interface Listed {
  key: string;
  at: number;
  rows: Promise<readonly Row[]>;
}

const listed = new WeakMap<CloudStack, Listed>();

/** A list of tags that is believed for a minute, unless a change of tags leaves through this server meanwhile. */
export const listRecently =
  (cloudstack: CloudStack, list: ListRows): ListRows =>
  (tool, params) => {
    const key = JSON.stringify([tool.command.name, params]);
    const known = listed.get(cloudstack);
    if (known?.key === key && Date.now() - known.at <= believedMs) return known.rows;
    const rows = list(tool, params);
    listed.set(cloudstack, { key, at: Date.now(), rows });
    rows.catch(() => listed.delete(cloudstack));
    return rows;
  };

/** Forgets what was listed where a call may set tags, or take them away. */
export const forgetTags = (cloudstack: CloudStack, { tool, params }: Pick<CheckedCall, 'tool' | 'params'>): void => {
  const { entity = [] } = tool.command;
  if (entity.includes('ResourceTag') || params['tags'] !== undefined) listed.delete(cloudstack);
};
