import { loadData } from '../data.ts';
import { proxyUnreachable, type HttpResponse } from './transport.ts';

/** What the codes of a network error mean. */
export interface ConnectionProblem {
  codes: readonly string[];
  /** The step of the way that failed, as `doctor` calls it. */
  check: string;
  /** What is wrong, with `{host}` for the host and port of the endpoint. */
  found: string;
  mend: string;
}

/** The problem that the first known of these codes stands for; a code may have its system call before it. */
export const findConnectionProblem = (codes: readonly string[]): ConnectionProblem | undefined => {
  const problems = loadData<ConnectionProblem[]>('connection-problems.json');
  const ofCode = (code: string) => problems.find((problem) => problem.codes.includes(code.replace(/^.* /, '')));
  return codes.map(ofCode).find((problem) => problem !== undefined);
};

/** Where a redirect leads; undefined for an answer that is none. */
export const redirectOf = ({ status, headers }: HttpResponse): string | undefined =>
  status >= 300 && status < 400 ? String(headers['location'] ?? status) : undefined;

/** What to do about a redirect. */
export const redirectMend = 'Use the URL that it redirects to: redirects are not followed with a credential.';

const unconnected = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/;

/** An error of a connection that was to be made to a proxy, as the proxy's; others as they are. */
export const asProxyError = (error: Error, proxy: URL): Error => {
  const first = (error instanceof AggregateError ? error.errors[0] : error) as NodeJS.ErrnoException & {
    hostname?: string;
    address?: string;
    port?: number;
  };
  if (!unconnected.test(first.code ?? '')) return error;
  const port = Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80));
  const isProxy = first.hostname === proxy.hostname || (first.port === port && first.syscall === 'connect');
  return isProxy ? Object.assign(new Error(error.message, { cause: error }), { code: proxyUnreachable }) : error;
};
