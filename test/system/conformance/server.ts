/** The production HTTP core with the conformance suite's fixtures behind it. Prints its URL; ends when its input does. */
import { createCore, type Core } from '../../../src/web/core.ts';
import { createClientAddresses } from '../../../src/web/client-address.ts';
import { createLimits } from '../../../src/web/limits.ts';
import { listen } from '../../../src/web/listen.ts';
import { createRoutes } from '../../../src/web/routes.ts';
import { createFixtureFactory } from './fixtures.ts';

const report = (message: string): void => void process.stderr.write(`${message}\n`);
const core: Core = createCore({
  build: createFixtureFactory(() => core.notify),
  identify: () => Promise.resolve({ principal: 'suite' }),
  limits: createLimits({ rateLimit: 100_000, maxInFlight: 1000 }),
  settings: {
    bodyLimit: 4 * 2 ** 20,
    requestTimeout: 30_000,
    maxSessions: 1000,
    maxSessionsEach: 1000,
    sessionIdle: 60_000,
    sessionLifetime: 3_600_000,
  },
  report,
});
const addresses = createClientAddresses({ trustedProxies: '' });
const routes = createRoutes({
  core,
  addresses,
  health: () => Promise.resolve(new Response('ok')),
  isReady: () => true,
  metadata: () => undefined,
  allowedHosts: '',
  allowedOrigins: '',
  report,
});
const { origin, close } = await listen(
  (request) => routes.fetch(request),
  {
    host: '127.0.0.1',
    port: 0,
    requestTimeout: 30_000,
    maxConnections: 100,
  },
  addresses,
);
process.stdout.write(`${JSON.stringify({ url: `${origin}/mcp` })}\n`);
process.stdin.resume().on('end', () => void core.close().then(close));
