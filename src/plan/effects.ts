import { makesSomething } from '../call/inverse.ts';
import { kindOfParameter } from '../catalog/kinds.ts';
import { fieldsOfResponse } from '../catalog/response-fields.ts';
import type { Tool } from '../catalog/tool.ts';

/** What a step does to what there is. */
export type Effect = 'create' | 'change' | 'destroy';

/** What a command does: one that answers with the id of a thing of which it takes none makes it. */
export const effectOf = ({ command, risk }: Tool): Effect => {
  if (risk.risk === 'destroy') return risk.category === 'outage' ? 'change' : 'destroy';
  const known = makesSomething(command.name);
  if (known !== undefined) return known ? 'create' : 'change';
  const isGiven = command.params.some(
    (parameter) =>
      parameter.name === 'id' ||
      parameter.name === 'ids' ||
      (parameter.required && kindOfParameter(command, parameter)?.name === command.response),
  );
  const makes = command.create === true || fieldsOfResponse(command.response)?.has('id') === true;
  return makes && !isGiven ? 'create' : 'change';
};
