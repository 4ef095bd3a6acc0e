import type { Value } from '../world/types.ts';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const element = (name: string, value: Value): string => {
  if (Array.isArray(value)) return value.map((each) => element(name, each)).join('');
  const inner =
    typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([key, each]) => element(key, each))
          .join('')
      : escape(String(value ?? ''));
  return `<${name}>${inner}</${name}>`;
};

/** The XML that CloudStack answers with unless `response=json`, made from the JSON answer. */
export const toXml = async (response: Response, release: string): Promise<Response> => {
  const parsed = (await response.json()) as Record<string, Value>;
  const [wrapper = 'errorresponse'] = Object.keys(parsed);
  const body = element(wrapper, parsed[wrapper]).replace(
    `<${wrapper}>`,
    `<${wrapper} cloud-stack-version="${release}.0">`,
  );
  const headers = new Headers(response.headers);
  headers.set('content-type', 'text/xml;charset=utf-8');
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>${body}`, { status: response.status, headers });
};
