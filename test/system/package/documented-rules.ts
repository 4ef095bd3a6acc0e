import { createHash } from 'node:crypto';

/**
 * What is to be known of a documented command line before it is run: what a person types, what must be there first, what
 * stands for a place in it, what the page says that it prints. The first rule that fits counts; a line without one must end
 * with 0.
 */
export interface Rule {
  line: RegExp;
  /** Why it is only read by the parser, and not run. */
  reason?: string;
  /** A shell's commands that make what the line needs. */
  before?: string;
  /** What the reader puts in: the text and a shell's words for it. */
  places?: Readonly<Record<string, string>>;
  /** At a terminal: what is typed after what is shown. */
  types?: readonly (readonly [after: string, text: string])[];
  /** It goes on until it is stopped, and has begun when this is shown. */
  until?: RegExp;
  /** What a host says on standard input. */
  input?: string;
  status?: number;
  /** What it must print. */
  prints?: RegExp;
}

/** What stands in the file token.txt. */
export const tokenOfReader = 'a-token-that-a-reader-has-already';

/** What stands in the stored script stop-idle. */
export const idleScript = "await cloudstack.stopVirtualMachine({ id: 'web-2' });\n";

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const endpoint = 'https://cloud.example.com/client/api';
const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'reader', version: '1' } };
const asHost = `${[
  { id: 1, method: 'initialize', params: initialize },
  { method: 'notifications/initialized' },
  { id: 2, method: 'tools/call', params: { name: 'read', arguments: { tool: 'list-zones' } } },
]
  .map((message) => JSON.stringify({ jsonrpc: '2.0', ...message }))
  .join('\n')}\n`;
/** The call of a host that has no right to change anything is answered. */
const answered = { input: asHost, prints: /"result":.*Frankfurt/ };
const enter = '\r';
const program = 'cloudstack-mcp-server';
/** The Enter key for what `init` proposes. */
const proposals = [
  ['Which cloud?', enter],
  ['What may assistants do?', enter],
  ['Which hosts?', enter],
  ['Continue?', enter],
] as const;
/** A plan of its own, whose id the reader puts in. */
const makePlan = `ID=$(${program} script run build.js --plan | grep -o '[A-Z0-9]\\{4\\}-[A-Z0-9]\\{4\\}' | head -1)`;
const planId = '$ID';
const oneCall = `${program} call list-zones >/dev/null`;
const madeCall = `grep -o '"call":"[^"]*' "$CLOUDSTACK_MCP_STATE"/audit.jsonl | tail -1 | cut -d'"' -f4`;

/** A call that waits for a person, whose code the reader puts in. One that was approved before runs; the next one waits. */
const codeOfCall = `$(${program} call stop-virtual-machine id=web-2 </dev/null 2>&1 | grep -o 'code: [A-Z0-9]\\{4\\}-[A-Z0-9]\\{4\\}' | cut -d' ' -f2 | head -1)`;
const waitingCode = `CODE=${codeOfCall}; CODE=\${CODE:-${codeOfCall}}`;
const yes = [['[yes/no]', 'yes\r']] as const;
const receiptKey = `$(${program} receipt key | grep -o 'ed25519:[A-Za-z0-9_-]*')`;

/** The rules, in the order in which they are tried. */
export const rules: readonly Rule[] = [
  // In sentences and tables
  { line: /^ ?--/, reason: 'an option that a sentence names alone' },
  { line: / call(?: --simulator)?$/, places: { ' call': ' call list-zones' }, prints: /Frankfurt/ },
  { line: / call TOOL --help$/, places: { TOOL: 'list-zones' }, prints: /keyword/ },
  { line: / tools find WORDS$/, places: { WORDS: 'resize a disk' }, prints: /resize-volume/ },
  { line: / call list-virtual-machines --watch$/, until: /web-1/ },
  { line: / completion SHELL$/, places: { SHELL: 'zsh' }, prints: /compdef/ },
  { line: / eval NAME --reference$/, places: { NAME: 'count-stopped' }, prints: /1 of 1 passed/ },
  { line: / approve CODE$/, before: waitingCode, places: { CODE: '$CODE' }, types: yes, prints: /web-2/ },
  {
    line: / script run (?:--dry-run|FILE key=value)$/,
    places: { FILE: 'scripts/count-machines.js', 'key=value': 'zone=Frankfurt', '--dry-run': 'build.js --dry-run' },
  },
  { line: / undo last$/, before: `${program} call stop-virtual-machine id=jump-host >/dev/null`, types: yes },
  { line: /-server demo$/, prints: /Done: found/ },
  { line: / audit head$/, before: `${program} call list-zones >/dev/null`, prints: /\d+:[0-9a-f]{64}/ },
  {
    line: / receipt verify$/,
    places: { verify: `verify stop.receipt --key ${receiptKey}` },
    prints: /stopVirtualMachine/,
  },
  { line: / passkey reset alice@example\.com$/, types: yes, status: 1, prints: /alice@example\.com› has no passkey/ },

  // Other vendors' programs, and what only the repository has
  {
    line: /^claude mcp add /,
    reason: "a program of Anthropic's writes its own configuration; our part of the line is parsed",
  },
  {
    line: /\bdocker (?:run|build|compose)\b/,
    reason: 'needs a container engine; deploy-check and container-check read the files',
  },
  { line: /^kubectl |^helm /, reason: 'needs a Kubernetes cluster; deploy-check renders and validates the chart' },
  { line: /^cd deploy|^sh prepare\.sh/, reason: 'in the repository; deploy-check runs it' },
  {
    line: /(?:^|&& )npm |^git commit /,
    reason: 'in the repository: .ci/run does it; that the script is there is tested',
  },
  { line: / catalog sync /, reason: 'in the repository, it rewrites data/; test/sweep/new-release goes this way' },
  { line: / eval .*--model /, reason: 'asks a model of a vendor; test/slow/eval has it ask a stand-in' },
  { line: /OTEL_EXPORTER_OTLP_ENDPOINT=/, reason: 'needs a collector; test/telemetry sends to one' },
  { line: /^export CLOUDSTACK_MCP_REDIS_URL/, reason: 'needs a store; test/store and cluster-test have one' },

  // Hosts over stdio
  {
    line: /serve --credentials cs$/,
    before:
      'printf "[cloudstack]\\nendpoint = %s\\nkey = %s\\nsecret = %s\\n" $URL $KEY $SECRET > ~/.cloudstack.ini; chmod 600 ~/.cloudstack.ini; unset CLOUDSTACK_API_URL',
    ...answered,
  },
  {
    line: /--credentials \/path\/to\/file$/,
    places: { '/path/to/file': '~/.cloudstack.ini' },
    before: 'unset CLOUDSTACK_API_URL',
    ...answered,
  },
  {
    line: /serve --credentials cloudmonkey/,
    before: 'unset CLOUDSTACK_API_URL CLOUDSTACK_API_KEY CLOUDSTACK_SECRET_KEY',
    ...answered,
  },
  { line: /--credentials cloudmonkey/, before: 'unset CLOUDSTACK_API_URL', prints: /Frankfurt/ },
  {
    line: / init --from cloudmonkey$/,
    before: 'unset CLOUDSTACK_API_URL',
    types: proposals,
    prints: /It works: admin of ROOT[^]*These files are written/,
  },
  { line: / serve (?!.*--transport http)/, ...answered },

  // Over HTTP: until it serves
  // Nobody but this machine shall reach it.
  { line: / --config team\.yaml /, places: { '--host 0.0.0.0': '--host 127.0.0.1' }, until: /Serving MCP on http:/ },
  { line: / serve --transport http/, until: /Serving MCP on http:\/\/127\.0\.0\.1:\d+\/mcp|"msg":"Serving/ },
  {
    line: /^curl .*\/health$/,
    before: `${program} serve --transport http 2>served & server=$!; trap 'kill $server' EXIT; until grep -q Serving served; do sleep 0.05; done`,
    places: { 'localhost:3000': '$(grep -o "127.0.0.1:[0-9]*" served | head -1)' },
    prints: /"status":"ok"/,
  },
  {
    line: / ui$/,
    before: 'printf "#!/bin/sh\\necho opened $1\\n" > xdg-open; chmod +x xdg-open; export PATH="$PWD:$PATH"',
    until: /opened http:\/\/127\.0\.0\.1:\d+\/#start=|http:\/\/127\.0\.0\.1:\d+\/#start=/,
    types: [],
  },
  { line: / ui --no-open$/, until: /http:\/\/127\.0\.0\.1:\d+\/#start=/, types: [] },
  { line: / simulator$/, until: /^\{"url":"http:\/\/127\.0\.0\.1:\d+\/client\/api"/m },

  // init
  {
    line: / init --remove$/,
    before: `${program} init --yes --from environment --role reader --hosts cursor 2>/dev/null`,
    prints: /cursor|Cursor/,
  },
  { line: / init.* --print$/, types: proposals, prints: /cloudstack-mcp\/config\.yaml/ },
  { line: / init(?: --hosts \S+)?$/, types: proposals, prints: /These files are written/ },

  // Plans, scripts, audit
  { line: / plan diff ID$/, before: makePlan, places: { ID: planId } },
  {
    line: / plan apply ID$/,
    before: makePlan.replace('script run build.js --plan', 'plan make build.yaml'),
    places: { ID: planId },
    types: [['[yes/no]', 'yes\r']],
    prints: /3|done/,
  },
  { line: / plan discard ID$/, before: makePlan, places: { ID: planId } },
  { line: / export plan=ABCD-EFGH /, before: makePlan, places: { 'ABCD-EFGH': planId } },
  {
    line: / export call=0a1b2c3d /,
    before: `${program} call create-affinity-group name=a 'type=host anti-affinity' >/dev/null`,
    places: { '0a1b2c3d': `$(${madeCall})` },
    prints: /affinity/i,
  },
  {
    line: / audit verify --against copy\.jsonl$/,
    before: `${oneCall}; cp "$CLOUDSTACK_MCP_STATE"/audit.jsonl copy.jsonl`,
    prints: /unchanged/,
  },
  {
    line: / audit verify --against 5120:9f2c…$/,
    before: oneCall,
    places: { '5120:9f2c…': `$(${program} audit head | grep -o '[0-9]*:[0-9a-f]\\{64\\}')` },
  },
  { line: / audit verify$/, before: oneCall },
  { line: / token hash < token\.txt$/, prints: new RegExp(digestOf(tokenOfReader)) },
  { line: / token new$/, prints: /[0-9a-f]{64}/ },

  {
    line: / receipt show 7KQM-3XWD /,
    before: `${program} call stop-virtual-machine id=web-2 >/dev/null`,
    places: { '7KQM-3XWD': `$(${madeCall})` },
    types: [['[yes/no]', 'yes\r']],
  },
  {
    line: / receipt verify stop\.receipt --key ed25519:…$/,
    places: { 'ed25519:…': receiptKey },
    prints: /stopVirtualMachine/,
  },
  { line: / script approve stop-idle /, types: [['> ', `stop-idle ${digestOf(idleScript).slice(0, 6)}\r`]] },
  { line: / script approvals$/, prints: /stop-idle/ },
  {
    line: / script revoke ABCD-EFGH$/,
    places: { 'ABCD-EFGH': `$(${program} script approvals | grep -o '[A-Z0-9]\\{4\\}-[A-Z0-9]\\{4\\}' | head -1)` },
  },

  // What the rest must show
  { line: / eval --reference$/, prints: /(\d+) of \1 passed/ },
  { line: / doctor$/, prints: /ok/ },
  { line: / doctor --json$/, prints: /^\s*[[{]/ },
  { line: /--output csv --fields id,name,state$/, prints: /^id,name,state$/m },
  { line: /--dry-run name=web /, prints: /deployVirtualMachine/ },
  { line: /--output json$/, prints: /^\s*[[{]/ },
  { line: /tools find resize a disk$/, prints: /resize-volume/ },
  { line: /tools show deploy-virtual-machine$/, prints: /serviceofferingid/ },
  {
    line: /catalog diff --from listapis\.json$/,
    before: `${program} call list-apis --all -o json > listapis.json`,
    status: 0,
  },
  { line: / --as mermaid$/, prints: /flowchart|graph/ },
];

/** What stands for a place in every line. */
export const places: Readonly<Record<string, string>> = {
  [endpoint]: '$URL',
  'CLOUDSTACK_API_KEY=…': 'CLOUDSTACK_API_KEY=$KEY',
  '/path/to/a/file/with/the/secret/key': '$PWD/secret',
};
