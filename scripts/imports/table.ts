/** What lies under every step: the nouns, the catalog, the errors, and text. */
const foundation = [
  'ask',
  'catalog',
  'data.ts',
  'documents.ts',
  'errors.ts',
  'folder.ts',
  'hints.ts',
  'loopback.ts',
  'program-name.ts',
  'rows.ts',
  'secrets',
  'spelling.ts',
  'text.ts',
  'limits.ts',
  'lines.ts',
  'json.ts',
  'read-values.ts',
  'excess.ts',
  'consent.ts',
  'observe.ts',
  'placeholders.ts',
  'time-limit.ts',
  'type types.ts',
];

/**
 * Places from the top down: main → doors → app, parts → call → steps → simulator, store → foundation. Each may import
 * what stands behind it here, and nothing else: a place, a single file, or with `type` only types. Values are imported
 * from places further down only; this script checks the table for that too.
 */
export const table: Readonly<Record<string, readonly string[]>> = {
  // Tests come in by the front door and look at what left; the sweeps over the whole catalog are a run of their own.
  'test/sweep': ['test', 'test/support', 'scripts', 'src'],
  test: ['test/system', 'test/support', 'scripts', 'src'],
  // Programs that run the built server with others: load, cluster, clients, containers.
  'test/system': ['test/support', 'scripts', 'src'],
  'test/support': ['src'],
  // Nothing of the tests is material for a script.
  scripts: ['src'],
  'main.ts': ['cli', 'opening'],
  // Loaded before everything else, so that a start costs little: nothing here may need the rest.
  opening: [
    'config/endpoint.ts',
    'config/places.ts',
    'type config/values.ts',
    'type config/plain-config.ts',
    'loopback.ts',
    'mcp/envelope.ts',
    'rows.ts',
  ],
  // The command line starts the other door (stdio) and describes commands to people in the words models get
  // (describe.ts); its tables print cells as present/ does (columns.ts).
  cli: [
    'telemetry/telemetry.ts',
    'web/serve.ts',
    'web/tokens.ts',
    'mcp/stdio.ts',
    'mcp/describe.ts',
    'mcp/matches.ts',
    'search',
    'complete',
    'eval',
    'app/app.ts',
    'type plan/plan.ts',
    'type script/standing.ts',
    // `script list` and `script show` read the operator's folder.
    'script/stored.ts',
    'present/columns.ts',
    'present/headings.ts',
    // `eval` counts tokens as answers are cut by them.
    'present/tokens.ts',
    // A person's yes at a terminal goes where a waiting call looks for it: the state folder or the shared store.
    'app/guard.ts',
    // A person's no at a terminal stands in the audit log at once.
    'app/audit.ts',
    'app/record-refusal.ts',
    'store/open.ts',
    // The process that starts others to serve holds what they share.
    'store/machine.ts',
    'type store/store.ts',
    'type web/peers.ts',
    'type telemetry/log.ts',
    'guard/approvals.ts',
    'guard/approver.ts',
    'guard/reply.ts',
    // `receipt` signs lines of the audit log, and verifies them.
    'audit/find-receipt.ts',
    'audit/receipt.ts',
    'audit/receipt-key.ts',
    // `audit verify`, `audit head` and `audit tail` read the log that audit/ wrote.
    'audit/claim.ts',
    'audit/compare.ts',
    'audit/files.ts',
    'audit/find-link.ts',
    'audit/tail.ts',
    'audit/targets.ts',
    'audit/verify.ts',
    'simulator',
    'setup',
    'config',
    'version.ts',
    ...foundation,
  ],
  // What `init` and `doctor` need of a machine: its hosts, their files, credentials that are already there. It tests a cloud
  // as every other call is made.
  setup: [
    'app/app.ts',
    'catalog',
    'cloudstack/connection-problem.ts',
    'cloudstack/pool.ts',
    'cloudstack/transport.ts',
    'config',
    'folder.ts',
    'loopback.ts',
    'text.ts',
    'time-limit.ts',
    'data.ts',
    'errors.ts',
    'rows.ts',
    'type consent.ts',
    'type types.ts',
  ],
  // Lets a model use the server over the simulator, as its host.
  eval: ['mcp/server.ts', 'app/app.ts', 'simulator', 'config', 'version.ts', ...foundation],
  // The web page in the browser: another program, which knows this one by its answers only.
  page: [],
  // The HTTP door: who asks and how much of it; what is asked is mcp/'s.
  web: [
    'mcp/server.ts',
    'mcp/door-context.ts',
    'mcp/subscriptions.ts',
    'mcp/message.ts',
    'mcp/envelope.ts',
    'mcp/plain-call.ts',
    'mcp/prepared-lists.ts',
    'mcp/running.ts',
    // The page's tools explorer: the words and the search that models get.
    'mcp/describe.ts',
    'search',
    // What the page asks beside single calls.
    'views',
    'page-files.ts',
    'app/app.ts',
    'guard/roles.ts',
    'type guard/approver.ts',
    'type telemetry',
    'store',
    'config/public-url.ts',
    'type config',
    'version.ts',
    ...foundation,
  ],
  // A door names the tool that runs a risk (permit.ts); it never decides.
  // The MCP Apps ask as the page does, and are made of its files.
  mcp: [
    'views',
    'script/stored.ts',
    'page-files.ts',
    'app/app.ts',
    'guard/permit.ts',
    // What is described is cut as answers are.
    'present/fit.ts',
    'present/tokens.ts',
    'search',
    'complete',
    'version.ts',
    ...foundation,
  ],
  // Views of several calls, for the page and the MCP Apps: each call goes the whole path.
  views: ['type app/app.ts', ...foundation],
  'page-files.ts': [],
  // What may stand where someone is typing, for a shell and for a host; names come from the cloud through the path.
  complete: ['type app/app.ts', 'type types.ts', 'catalog', 'time-limit.ts'],
  // The one composition root: builds the path from the configuration with the first call, so that a host sees its tools
  // at once.
  app: [
    'diagnose',
    'export',
    'plan',
    'script',
    'call',
    'config/public-url.ts',
    'config/missing-profile.ts',
    'guard',
    'request/to-wire.ts',
    'cache',
    'cloudstack',
    'audit',
    'simulator',
    'store',
    // What its lists' rows cost is remembered by one server.
    'present/page.ts',
    'type config',
    'version.ts',
    ...foundation,
  ],
  // What operators call things; only doors ask it.
  search: ['catalog', 'data.ts', 'limits.ts', 'text.ts'],
  // Many calls for one question: each goes the whole path.
  diagnose: ['call', ...foundation],
  // What was planned, made or is there, in the languages of other tools: it reads, and each read goes the whole path.
  export: ['plan/saved.ts', 'call', 'request/encode.ts', 'type audit', ...foundation],
  // Many changes for one confirmation: each is looked at as a call is, and goes the whole path once the guard approved all.
  // What is undone is read of the audit log, as the app opens it.
  plan: [
    'call',
    'guard/approvals.ts',
    'guard/plan-question.ts',
    'guard/seen-row.ts',
    'type guard',
    'type audit',
    ...foundation,
  ],
  // The calls of a script: each goes the whole path. What runs in the sandbox's thread knows nothing of it.
  script: ['call', 'type config/script.ts', ...foundation],
  // The path.
  call: [
    'type cache/cached-client.ts',
    'type config/call.ts',
    'type config/cloud.ts',
    'validate',
    'guard',
    'resolve',
    'request',
    'cloudstack',
    'present',
    'audit',
    ...foundation,
  ],
  // Before a client of cloudstack/, not a step: it sends what the path sends, or answers with what is kept.
  cache: ['type config/cache.ts', 'type cloudstack', 'type store/store.ts', ...foundation],
  // The steps know the foundation and never each other: what one needs of another, call.ts hands over.
  validate: [...foundation, 'type config/call.ts'],
  guard: [...foundation, 'approved.ts', 'type config/policy.ts'],
  resolve: foundation,
  request: [...foundation, 'approved.ts'],
  cloudstack: [...foundation, 'type config/cloud.ts'],
  present: [...foundation, 'type config/call.ts'],
  audit: [...foundation, 'type config/audit.ts'],
  // Only facts: a mistake in signing, encoding or errors must not agree with itself.
  simulator: [
    'simulator/protocol',
    'simulator/commands',
    'simulator/engine',
    'simulator/rules',
    'simulator/world',
    'type catalog',
    'data.ts',
    // Webhooks are delivered to this machine.
    'loopback.ts',
  ],
  // The wire: requests, sessions, signatures, faults.
  'simulator/protocol': ['simulator/engine', 'simulator/rules', 'simulator/world'],
  // What each command does, by the catalog's toolsets; the engine is given them and never imports them.
  'simulator/commands': ['simulator/engine', 'simulator/rules', 'simulator/world', 'type catalog', 'data.ts'],
  // How any command is decoded, run and shown.
  // Which values parameters take, and what they ask of each other, is said once, in the catalog's data.
  'simulator/engine': [
    'simulator/rules',
    'simulator/world',
    'catalog/requirements.ts',
    'catalog/values.ts',
    'type catalog',
    'data.ts',
  ],
  // What holds for resources of a kind, whichever command touches them.
  'simulator/rules': ['simulator/world', 'type catalog'],
  'simulator/world': ['type catalog', 'data.ts', 'lines.ts'],
  // Counts, traces and logs what the places above tell of; they hand it over and never import it.
  telemetry: [
    'catalog',
    'errors.ts',
    'version.ts',
    'type app/count-resources.ts',
    'observe.ts',
    'text.ts',
    'type config',
  ],
  store: ['config/store-url.ts', 'errors.ts', 'type observe.ts'],
  // A profile holds a credential, and only the step that proves it says what one looks like.
  config: [
    'documents.ts',
    'errors.ts',
    'loopback.ts',
    'program-name.ts',
    'rows.ts',
    'spelling.ts',
    'text.ts',
    'type cloudstack/credential.ts',
  ],
  // The language of where, sort and group, and what it makes of rows.
  ask: ['catalog', 'data.ts', 'limits.ts', 'read-values.ts', 'rows.ts', 'secrets', 'text.ts'],
  'types.ts': [
    'type ask',
    'type catalog',
    'type config/policy.ts',
    'type consent.ts',
    'type observe.ts',
    'type rows.ts',
  ],
  // What happens: places that report it know no one who counts it.
  'observe.ts': ['consent.ts', 'errors.ts'],
  'consent.ts': [],
  catalog: ['data.ts', 'errors.ts', 'limits.ts', 'rows.ts', 'spelling.ts', 'text.ts'],
  secrets: ['data.ts', 'errors.ts', 'json.ts', 'limits.ts', 'rows.ts', 'text.ts'],
  'errors.ts': ['hints.ts', 'limits.ts', 'text.ts'],
  'hints.ts': ['program-name.ts'],
  'documents.ts': ['program-name.ts', 'version.ts'],
  'loopback.ts': [],
  'program-name.ts': [],
  'approved.ts': [],
  'data.ts': [],
  'folder.ts': [],
  'spelling.ts': [],
  'placeholders.ts': [],
  'time-limit.ts': [],
  'text.ts': [],
  'read-values.ts': ['json.ts', 'rows.ts'],
  'json.ts': ['limits.ts'],
  'excess.ts': ['limits.ts', 'rows.ts'],
  'limits.ts': [],
  'lines.ts': [],
  'rows.ts': [],
  'version.ts': [],
};

/** Casts to a branded type, and the one place that may make such a value. */
export const brands: Readonly<Record<string, string>> = {
  PermittedCall: 'src/guard/',
  ResolvedCall: 'src/resolve/',
  ConfinedCall: 'src/guard/',
  ApprovedCall: 'src/guard/',
  ForeseenCall: 'src/guard/',
  ApprovedPlan: 'src/guard/',
  StandingUse: 'src/guard/',
  WireParams: 'src/request/',
};

/** Functions that make a value what it is, and the one place that may import them. */
export const makers: Readonly<Record<string, string>> = {
  markApproved: 'src/guard/',
};
