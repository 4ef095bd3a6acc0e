import type { Cloud } from './cloud.ts';
import type { Reply } from './host.ts';

/** What was asked for, by the unique name of each change, and what was answered. */
export interface Ledger {
  /** Notes a change before it is sent; whoever never comes to hear its end has it as unknown. */
  open(): string;
  close(name: string, reply: Reply): void;
  size(): number;
  /** Compares with what the cloud has. */
  audit(cloud: Cloud): Promise<Verdict>;
}

/** What became of all changes. */
export interface Verdict {
  accepted: number;
  unknown: number;
  refused: number;
  /** Accepted, and not in the cloud. */
  lost: number;
  /** In the cloud more than once. */
  repeated: number;
  /** Said to be not done, and in the cloud. */
  ghosts: number;
  /** Unknown, and in the cloud. */
  done: number;
  /** In the cloud in all. */
  found: number;
}

/** How a change may end of which nobody can say whether it happened. Not `timeout`: of a change it says that nothing was sent. */
const isUnknown = (kind: string): boolean =>
  ['unknown-outcome', 'failed', 'open'].includes(kind) || /^(connection-|http-50[24]|rpc-)/.test(kind);

/** Changes are volumes, of which CloudStack takes two of one name: a change that was sent twice is there twice. */
export const createLedger = (prefix: string): Ledger => {
  const kinds = new Map<string, string>();
  return {
    open: () => {
      const name = `${prefix}-${kinds.size}`;
      kinds.set(name, 'open');
      return name;
    },
    close: (name, { kind }) => kinds.set(name, kind),
    size: () => kinds.size,
    audit: async (cloud) => {
      const rows = await cloud.list('listVolumes', { listall: 'true', keyword: `${prefix}-` });
      const found = new Map<string, number>();
      for (const { name } of rows) found.set(String(name), (found.get(String(name)) ?? 0) + 1);
      const verdict = {
        accepted: 0,
        unknown: 0,
        refused: 0,
        lost: 0,
        repeated: 0,
        ghosts: 0,
        done: 0,
        found: rows.length,
      };
      for (const [name, kind] of kinds) {
        const count = found.get(name) ?? 0;
        if (count > 1) verdict.repeated++;
        if (kind === 'ok') {
          verdict.accepted++;
          if (!count) verdict.lost++;
        } else if (isUnknown(kind)) {
          verdict.unknown++;
          if (count) verdict.done++;
        } else {
          verdict.refused++;
          if (count) verdict.ghosts++;
        }
      }
      return verdict;
    },
  };
};

/** Whether no change was lost, repeated, or done in spite of what was said. */
export const isClean = ({ lost, repeated, ghosts, found, accepted, done }: Verdict): boolean =>
  !lost && !repeated && !ghosts && found === accepted + done;

/** A verdict as a line. */
export const describeVerdict = ({ accepted, unknown, refused, lost, repeated, ghosts, done, found }: Verdict): string =>
  `${accepted} accepted, ${unknown} unknown (${done} of them done), ${refused} refused; in the cloud ${found}; ` +
  `lost ${lost}, repeated ${repeated}, done though refused ${ghosts}`;
