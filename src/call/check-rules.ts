import { CallError } from '../errors.ts';
import type { Composition } from './composition.ts';

/** Throws where the rules were read again since a call began: a person may have been asked meanwhile, and another role may hold now. */
export const checkRules = (composition: Pick<Composition, 'guard'>, guard: Composition['guard']): void => {
  if (composition.guard === guard) return;
  throw new CallError(
    'unconfirmed',
    'The configuration was read again while this call was on its way. Nothing was sent.',
    'Make the same call again: it is judged by the rules that hold now.',
  );
};
