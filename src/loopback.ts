/** Whether a host, as a URL or a setting has it, is this machine's own. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|[^.]+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
