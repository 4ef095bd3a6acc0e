import { describeRequirement, unmetBy, type Unmet } from '../../catalog/requirements.ts';
import type { Command } from '../../catalog/types.ts';
import { ApiError, badParameter } from '../world/errors.ts';
import type { Fields } from '../world/types.ts';

const refusal = (command: Command, { requirement, missing }: Unmet): ApiError => {
  const { text, code = 4350, status = 431, rule, when, unless } = requirement;
  if (text !== undefined) return new ApiError(status, text, code);
  if (rule === 'all' && !when && !unless)
    return badParameter(
      `Unable to execute API command ${command.name.toLowerCase()} due to missing parameter ${missing[0]!}`,
    );
  return new ApiError(status, `Invalid combination of parameters: ${describeRequirement(requirement)}`, code);
};

/** Refuses a call whose parameters do not go together, as data/requirements.json says of CloudStack. */
export const checkRequirements = (command: Command, args: Fields): void => {
  const [unmet] = unmetBy(command, args);
  if (unmet) throw refusal(command, unmet);
};
