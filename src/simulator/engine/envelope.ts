import type { Command } from '../../catalog/types.ts';
import type { Call, Result } from '../rules/call.ts';
import { isRow } from '../rules/results.ts';
import type { ApiError } from '../world/errors.ts';
import type { Audience, Renderer } from './render.ts';
import { answerType, askedFor, writeFloats } from './shapes.ts';

const jsonType = 'application/json;charset=utf-8';

/** The key inside a command's envelope. */
const keyOf = (command: Command): string => String(Array.isArray(command.key) ? command.key[0] : command.key);

/** The type to show rows as, where a command's result has more fields than the kind itself. */
const typeFor = (command: Command): string | undefined =>
  /Metrics$|UsageHistory$|ForMigration$/.test(command.response) || command.response.endsWith('Metrics')
    ? command.response
    : undefined;

/** Who sees what a call answers. */
const audienceOf = (call: Call, isStored: boolean): Audience => ({
  root: call.caller.root,
  type: isStored ? typeFor(call.command) : answerType(call.command),
  command: call.command.name,
  asked: askedFor(call.args),
});

/** What goes inside the envelope, as JSON text without the outer braces. */
export const bodyOf = (call: Call, result: Result, renderer: Renderer): string => {
  const { command } = call;
  if (result.form === 'success')
    return `"success":true${result.text === undefined ? '' : `,"displaytext":${JSON.stringify(result.text)}`}`;
  const key = JSON.stringify(result.key ?? keyOf(command));
  if (result.form === 'list') {
    if (result.count === 0) return '';
    const { pick } = result;
    const audiences = [audienceOf(call, true), audienceOf(call, false)] as const;
    const items = result.items.map((item) => renderer.json(item, audiences[isRow(item) ? 0 : 1], pick));
    return `"count":${result.count}${items.length > 0 ? `,${key}:[${items.join(',')}]` : ''}`;
  }
  const { extra } = result;
  const item = renderer.json(
    result.item,
    audienceOf(call, isRow(result.item)),
    extra && ((fields) => ({ ...fields, ...extra })),
  );
  if (command.result === 'list') return `"count":1,${key}:[${item}]`;
  if (command.result === 'flat') return item.slice(1, -1);
  return `${key}:${item}`;
};

/** The same for a plain list, as pieces of UTF-8; undefined for any other result. */
export const bytesOf = (call: Call, result: Result, renderer: Renderer): Uint8Array[] | undefined => {
  // Lists that mix stored rows with made-up ones do not exist.
  if (result.form !== 'list' || result.pick || result.items.length < 5) return undefined;
  const key = JSON.stringify(result.key ?? keyOf(call.command));
  const audience = audienceOf(call, result.items[0] !== undefined && isRow(result.items[0]));
  const [first, ...others] = renderer.page(result.items, audience);
  return [Buffer.from(`"count":${result.count},${key}:[`), first!.subarray(1), ...others, Buffer.from(']')];
};

/** A successful response, around what `bodyOf` or `bytesOf` made. */
export const respond = (
  wrapper: string,
  body: string | Uint8Array[],
  headers: Record<string, string> = {},
): Response => {
  const init = { headers: { 'content-type': jsonType, ...headers } };
  const start = `{${JSON.stringify(wrapper)}:{`;
  if (typeof body === 'string') return new Response(`${start}${writeFloats(body)}}}`, init);
  return new Response(Buffer.concat([Buffer.from(start), ...body, Buffer.from('}}')]), init);
};

/** An error in CloudStack's envelope, with its text in X-Description too. */
export const respondError = (wrapper: string, error: ApiError): Response => {
  const body = {
    uuidList: error.uuids,
    errorcode: error.status,
    ...(error.cs === undefined ? {} : { cserrorcode: error.cs }),
    errortext: error.message,
  };
  // Header values may not hold line breaks or letters beyond Latin-1.
  const description = error.message.replace(/[^\x20-\x7e]/g, '?');
  return new Response(JSON.stringify({ [wrapper]: body }), {
    status: error.status,
    headers: { 'content-type': jsonType, 'x-description': description },
  });
};
