import { createHmac } from 'node:crypto';
import type { Simulator } from '../../src/simulator/index.ts';

const encode = (value: string): string =>
  encodeURIComponent(value).replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

/** A signed request for a command, written from the reference so that it does not lean on our client. */
export const signedRequest = (
  keys: { apiKey: string; secretKey: string },
  command: string,
  params: Record<string, string> = {},
  method: 'GET' | 'POST' = 'GET',
  response = 'json',
): Request => {
  const all: Record<string, string> = { ...params, command, response, apiKey: keys.apiKey };
  const text = Object.keys(all)
    .sort()
    .map((name) => `${name}=${encode(all[name] ?? '')}`)
    .join('&');
  const signature = createHmac('sha1', keys.secretKey).update(text.toLowerCase()).digest('base64');
  const query = new URLSearchParams({ ...all, signature }).toString();
  const url = 'http://simulator/client/api';
  return method === 'GET'
    ? new Request(`${url}?${query}`)
    : new Request(url, { method, body: query, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
};

/** What came back: the status, the one outer key, and what is inside it. */
export interface Reply {
  status: number;
  wrapper: string;
  // Answers of every command: what a test expects of one is said by its assertions.
  body: Record<string, any>;
}

/** Sends a command as the seeded administrator, or with other keys. */
export const send = async (
  simulator: Simulator,
  command: string,
  params: Record<string, string> = {},
  keys: { apiKey: string; secretKey: string } = simulator.credentials,
): Promise<Reply> => {
  const response = await simulator.fetch(signedRequest(keys, command, params));
  const parsed = JSON.parse(await response.text()) as Record<string, Reply['body']>;
  const [wrapper = ''] = Object.keys(parsed);
  return { status: response.status, wrapper, body: parsed[wrapper] ?? {} };
};

/** The rows of a list command. */
export const rows = async (
  simulator: Simulator,
  command: string,
  params: Record<string, string> = {},
): Promise<Reply['body'][]> => {
  const { body } = await send(simulator, command, params);
  const key = Object.keys(body).find((name) => name !== 'count');
  return key === undefined ? [] : (body[key] as Reply['body'][]);
};

/** Sends a command and, if it is asynchronous, gives the finished job instead of the stub. */
export const finish = async (
  simulator: Simulator,
  command: string,
  params: Record<string, string> = {},
  keys: { apiKey: string; secretKey: string } = simulator.credentials,
): Promise<Reply> => {
  const first = await send(simulator, command, params, keys);
  const jobid: unknown = first.body['jobid'];
  return typeof jobid === 'string' ? send(simulator, 'queryAsyncJobResult', { jobid }, keys) : first;
};
