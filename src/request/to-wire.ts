import { isUnjudged, type Tool } from '../catalog/tool.ts';
import { loadData } from '../data.ts';
import { isApproved } from '../approved.ts';
import type { ApprovedCall, PageAsked, Params, ValidCall, WireParams } from '../types.ts';
import { encodeParams } from './encode.ts';

/** Only what neither changes anything nor starts a job may be sent twice. */
const methodOf = ({ command, risk }: Tool): WireParams['method'] =>
  risk.risk === 'read' && !command.async ? 'GET' : 'POST';

/** What the answers of some changes are like; data/quirks.json. */
interface AnswerQuirks {
  mayBeEmpty: string[];
  /** Command → what its envelope was called in earlier releases. */
  envelopes: Record<string, string>;
}

const isLook = ({ command: { get: isGet, result }, risk: { risk } }: Tool): boolean =>
  risk === 'read' || (risk === 'sensitive' && (isGet === true || result === 'list'));

/** What proves that a change was done; undefined of a look. Some commands were no jobs in earlier releases. */
const expectedOf = (tool: Tool): WireParams['expects'] => {
  const { name, result, earlier = [], async: isJob } = tool.command;
  if (isJob && !earlier.some((one) => one.async === false)) return 'job';
  if (isLook(tool)) return undefined;
  const { mayBeEmpty } = loadData<AnswerQuirks>('quirks.json');
  return result === 'none' || mayBeEmpty.includes(name) ? undefined : result;
};

/**
 * What the envelope of the answer may be called: what CloudStack's source calls it, and the name that it gives one that says
 * nothing else (BaseCmd.getResponseNameByClass). Undefined where no one knows, and of a look.
 */
const envelopesOf = (tool: Tool): WireParams['envelopes'] => {
  const { name, wrapper, async: isJob } = tool.command;
  if (isUnjudged(tool) || (isLook(tool) && !isJob)) return undefined;
  const former = loadData<AnswerQuirks>('quirks.json').envelopes[name];
  return [wrapper, `${name}response`, ...(former === undefined ? [] : [former])];
};

/**
 * The request that an approved call becomes, unsigned; `page`: for a part of the list that was approved. Pure. Throws a
 * TypeError for a call that guard/ did not approve.
 */
export const toWire = (call: ApprovedCall, page?: PageAsked): WireParams => {
  const { tool, request } = call;
  const params = page ? { ...call.params, ...page } : call.params;
  if (!isApproved(call)) throw new TypeError(`${tool.command.name} was not approved as it is`);
  return {
    command: tool.command.name,
    params: encodeParams(tool.command, params),
    method: methodOf(tool),
    expects: request.follow ? undefined : expectedOf(tool),
    envelopes: request.follow ? undefined : envelopesOf(tool),
    ...(request.follow ? { follow: String(params['jobid']) } : {}),
  } as WireParams;
};

/** Lists that show credentials change nothing either. */
const onlyReads = (tool: Tool): boolean =>
  methodOf(tool) === 'GET' || (tool.risk.risk === 'sensitive' && tool.command.result === 'list' && !tool.command.async);

/** A read of the server's own, such as looking a name up. Throws a TypeError for anything but a plain read. */
export const toReadWire = (tool: Tool, params: Params): WireParams => {
  if (!onlyReads(tool)) throw new TypeError(`${tool.command.name} is not a plain read`);
  return { command: tool.command.name, params: encodeParams(tool.command, params), method: 'GET' } as WireParams;
};

/** What would be sent, to be looked at; it cannot be sent. Pure. */
export const describeWire = ({
  tool,
  params,
}: Pick<ValidCall, 'tool' | 'params'>): Pick<WireParams, 'command' | 'method' | 'params'> => ({
  command: tool.command.name,
  method: methodOf(tool),
  params: encodeParams(tool.command, params),
});
