import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { givenIn } from '../catalog/given.ts';
import { takesName, typeParameterOf } from '../catalog/kinds.ts';
import { CallError } from '../errors.ts';
import type { CallSettings } from '../config/call.ts';
import { isId } from '../text.ts';
import type { CallRequest, ValidCall } from '../types.ts';
import { validate } from '../validate/validate.ts';
import type { Cloud } from './composition.ts';

/** A valid call and its cloud, with the catalog by which it is valid. */
interface Validated {
  valid: ValidCall;
  cloud: Cloud;
}

/** Every release that the catalog knows has the command that says what there is. */
const everyRelease = (): string => loadCatalog().find('listApis')!.command.releases;

/**
 * Whether a call means the same to every release that the catalog knows: a plain read, without names to look up, that all of them
 * have with these parameters. CloudStack ignores parameters that it does not know.
 */
const meansTheSame = ({ tool: { command, risk }, params }: ValidCall): boolean =>
  risk.risk === 'read' &&
  command.releases === everyRelease() &&
  givenIn(command, params).every((parameter) => {
    const value = params[parameter.name];
    const mayBeName = takesName(command, parameter) || typeParameterOf(command, parameter) !== undefined;
    return parameter.releases === undefined && (!mayBeName || [value].flat().every(isGivenId));
  });

const isGivenId = (value: unknown): boolean => isId(String(value)) || value === '-1';

/**
 * Validates a call by what is known of its cloud. A read that means the same everywhere leaves at once; everything else waits until the
 * cloud has said what it offers, and what is not valid by what it said at an earlier start is looked at by what it says now.
 * `onCatalog`: called with each catalog that is looked at.
 */
export const validateCall = async (
  cloud: Cloud,
  request: CallRequest,
  limits: CallSettings,
  onCatalog: (catalog: Catalog) => void,
): Promise<Validated> => {
  const by = (known: Pick<Cloud, 'catalog' | 'discovery'>): Validated => {
    onCatalog(known.catalog);
    const valid = validate(known.catalog, request, limits);
    return { valid, cloud: known === cloud ? cloud : { ...cloud, ...known } };
  };
  const orLater = (known: Pick<Cloud, 'catalog' | 'discovery'>): Validated | undefined => {
    try {
      return by(known);
    } catch (error) {
      if (error instanceof CallError && error.kind === 'invalid') return undefined;
      throw error;
    }
  };
  if (cloud.discovery === 'pending') {
    const early = orLater(cloud);
    if (early && meansTheSame(early.valid)) return early;
  }
  const offer = cloud.discovery === 'pending' ? await cloud.discover() : cloud;
  if (offer.discovery !== 'saved') return by(offer);
  return orLater(offer) ?? by(await cloud.discover({ asked: true }));
};
