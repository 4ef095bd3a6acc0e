import { CallError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { toLabel } from '../text.ts';
import type { Config } from './config.ts';

/** The error for a profile that the configuration lacks: it says what to set, or which profiles there are. */
export const missingProfile = ({ profiles, otherTools }: Config, name: string): CallError => {
  const names = Object.keys(profiles);
  return names.length
    ? new CallError(
        'configuration',
        `There is no profile "${toLabel(name)}".`,
        `Available: ${names.join(', ')}. Profiles come from the configuration only.`,
      )
    : new CallError(
        'configuration',
        'No CloudStack is configured.',
        [
          `Run ${programName} init, which asks for it and sets up your hosts.`,
          ...otherTools,
          'Or set CLOUDSTACK_API_URL (https://…/client/api) with CLOUDSTACK_API_KEY and CLOUDSTACK_SECRET_KEY, or with CLOUDSTACK_USERNAME and CLOUDSTACK_PASSWORD. Or try --simulator. --credentials cloudmonkey (or cs) uses the profiles of that tool.',
        ].join(' '),
      );
};
