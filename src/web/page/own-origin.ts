/** The header that only a script of our own origin can send: others' would ask the server for leave first, and get none. */
export const pageHeader = 'x-cloudstack-page';

/** Whether a request's origin is the host that it asks. */
export const isOwnOrigin = ({ headers }: Request): boolean => {
  const origin = headers.get('origin');
  return origin !== null && URL.canParse(origin) && new URL(origin).host === headers.get('host');
};

/** Whether a request comes from our own page: by what browsers say of it, which no script can change. */
export const isFromOwnPage = (request: Request): boolean => {
  const { headers } = request;
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  if (headers.get(pageHeader) === null) return false;
  if (site !== null && site !== 'same-origin') return false;
  if (origin === null) return site === 'same-origin';
  return isOwnOrigin(request);
};
