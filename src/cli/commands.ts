import { Option, type Command } from 'commander';
import { shells, type Shell } from './completion-scripts.ts';
import type { CliCommand } from './cli-command.ts';
import { exit, formats, printText } from './io.ts';
import { keyCommands } from './key-commands.ts';
import { planCommands } from './plan-commands.ts';
import { receiptCommands } from './receipt-commands.ts';
import { scriptCommands } from './script-commands.ts';
import { settingsOf, whole, withSettings, type Options } from './options.ts';
import { programName } from '../program-name.ts';

/** Every command, in the order of the help. `serve` is the default. */
export const commands: Readonly<Record<string, CliCommand>> = {
  serve: {
    description: 'MCP server: on stdio for one host, or over HTTP for many users',
    talks: true,
    build: (command, io, end) =>
      withSettings(command, { serve: true }).action(async (options: Options) => {
        const { serve } = await import('./serve-command.ts');
        end(await serve(settingsOf(options), io));
      }),
  },
  init: {
    description: 'set up: find your cloud, test it, and write the configuration of your AI hosts',
    talks: true,
    plain: true,
    build: (command, io, end) =>
      command
        .addOption(
          new Option('--from <source>', 'where the cloud is known').choices([
            'environment',
            'cloudmonkey',
            'cs',
            'terraform',
            'simulator',
          ]),
        )
        .option('--url <url>', 'URL of the cloud; missing parts are added')
        .option('--username <name>', 'user who logs in, instead of a key pair')
        .option('--password-file <file>', 'file with the password')
        .option('--domain <path>', "the user's domain")
        .option('--keys', "use the user's key pair instead of the password; one is created if there is none")
        .option('--ca <file>', 'certificates of a private authority (PEM)')
        .addOption(new Option('--role <role>', 'what assistants may do').choices(['reader', 'operator', 'all']))
        .option('--hosts <names>', 'hosts to set up, comma-separated; installed: those on this machine; none')
        .option('--name <name>', 'name of the server in the hosts', 'cloudstack')
        .option('--config <file>', 'configuration file to write')
        .option('--no-test', 'do not contact the cloud')
        .option('--print', 'print what would be written, and write nothing')
        .option('--remove', 'undo everything that init wrote')
        .option('-y, --yes', 'ask nothing; take all answers from the flags')
        .action(async (options: Options) => {
          const { runInit } = await import('./init-command.ts');
          end(await runInit(options as never, io));
        }),
  },
  doctor: {
    description: 'find what is wrong, and say how to fix it: Node, configuration, network, credential, hosts',
    build: (command, io, end) =>
      withSettings(command)
        .option('--json', 'as JSON')
        .action(async (options: Options) => {
          const { runDoctor } = await import('./doctor-command.ts');
          end(await runDoctor({ ...options, settings: settingsOf(options) }, io));
        }),
  },
  call: {
    description: 'run one CloudStack command',
    build: (command, io, end) =>
      withSettings(command.argument('<tool>').argument('[key=value...]'))
        .showHelpAfterError(
          `Such as: ${programName} call list-virtual-machines state=Running\n${programName} tools find TEXT finds a tool; ${programName} call TOOL --help shows its parameters.`,
        )
        .option('--json <object>', 'parameters as JSON; @file reads a file, @- standard input')
        .addOption(new Option('-o, --output <format>', 'how to print').choices(formats).default('table'))
        .option('--fields <names>', 'fields to print, comma-separated; * for all')
        .addOption(
          new Option(
            '--scope <scope>',
            "what a list shows: the account's own resources, or all it may see (default)",
          ).choices(['own', 'all']),
        )
        .option('--where <expression>', 'only matching rows, such as: state=Stopped and size > 100GiB')
        .option('--sort <fields>', 'sort order of the rows; -size or "size desc" puts the largest first')
        .option('--group <fields>', 'count rows by one or two fields, such as day(created); also sum(size), avg, min')
        .option('--all', 'every page of the list')
        .option('--watch', 'repeat a read until it is stopped, and show what changes')
        .option('--every <seconds>', 'how often --watch asks (default: 5)', whole)
        .option('--dry-run', 'print the unsigned request; only look-ups are sent')
        .option('--secrets-to <file>', 'new file for the answer with its secrets; only you can read it')
        .action(async (tool: string, words: string[], options: Options) => {
          const { runCall } = await import('./call-command.ts');
          // A person may wait longer for a job than a host does.
          const { wait, ...settings } = settingsOf(options);
          end(
            await runCall(tool, words, { ...options, ...(wait === undefined ? {} : { wait }), settings } as never, io),
          );
        }),
  },
  whoami: {
    description: 'account, role, release and limits of a profile',
    build: (command, io, end) =>
      withSettings(command)
        .addOption(new Option('-o, --output <format>', 'how to print').choices(formats).default('table'))
        .action(async (options: Options) => {
          const { runWhoami } = await import('./whoami-command.ts');
          end(await runWhoami({ ...options, settings: settingsOf(options) } as never, io));
        }),
  },
  diagnose: {
    description: 'find out why something does not work: causes, evidence, calls that would fix it',
    build: (command, io, end) =>
      withSettings(
        command
          .argument(
            '<kind>',
            'machine, network, address, volume, template, vpc, load-balancer, kubernetes, snapshot, backup, job, host, router, system-vm, zone, account, project',
          )
          .argument('<id>', 'its id or name')
          .argument('[question...]', 'what is wrong, such as: port 443 is closed'),
      )
        .option('--json', 'as JSON')
        .action(async (kind: string, id: string, words: string[], options: Options) => {
          const { runDiagnose } = await import('./diagnose-command.ts');
          const asked = { kind, id, question: words.join(' ') };
          end(await runDiagnose(asked, { ...options, settings: settingsOf(options) }, io));
        }),
  },
  ...scriptCommands,
  approve: {
    description: 'approve a call that its host could not ask about',
    talks: true,
    build: (command, io, end) =>
      withSettings(command.argument('[code]', 'the code of the call; without it, lists the waiting calls')).action(
        async (code: string | undefined, options: Options) => {
          const { approveCall } = await import('./approve-command.ts');
          end(await approveCall(code, settingsOf(options), io));
        },
      ),
  },
  ...receiptCommands,
  ui: {
    description: 'web page for yourself: look, approve, try tools; opens the browser',
    talks: true,
    build: (command, io, end) =>
      withSettings(command)
        .option('--port <port>', 'port on loopback; a free one by default', whole)
        .option('--no-open', 'print the link only')
        .action(async (options: Options) => {
          const { runUi } = await import('./ui-command.ts');
          end(await runUi({ ...settingsOf(options), port: options['port'], open: options['open'] as boolean }, io));
        }),
  },
  ...planCommands,
  export: {
    description:
      'write a plan, the result of a call or script, or existing resources as cmk script, Terraform, Ansible or Mermaid',
    build: (command, io, end) =>
      withSettings(
        command.argument(
          '<what...>',
          'plan=ID, call=ID (a call, plan or script in the audit log), or kinds: network, vpc=NAME (with its contents)',
        ),
      )
        .addOption(
          new Option('--as <format>', 'language')
            .choices(['cmk', 'terraform', 'ansible', 'mermaid'])
            .makeOptionMandatory(),
        )
        .option('--where <expression>', 'only matching resources of these kinds, such as: name contains web-')
        .action(async (what: string[], options: Options) => {
          const { runExport } = await import('./export-command.ts');
          end(await runExport({ what, as: options['as'], where: options['where'] }, settingsOf(options), io));
        }),
  },
  ...keyCommands,
  audit: {
    description: 'audit log: verify its chain, print its head, show its last entries',
    talks: true,
    plain: true,
    build: (command, io, end) => {
      const load = () => import('./audit-command.ts');
      const flags = (sub: Command): Command =>
        sub
          .argument('[file...]', "audit files; by default the configuration's, of every process")
          .option('--config <file>', 'configuration file (YAML or JSON)')
          .option('--audit <places>', 'the setting audit, instead of the configured one');
      flags(command.command('verify').description('exit with 1 if a line was changed, removed or moved'))
        .option('--archived', 'allow that the oldest rotated files were moved elsewhere')
        .option(
          '--against <copy>',
          'compare with a file of copied entries, or with a head (number:hash) kept elsewhere',
        )
        .option('--json', 'as JSON, one line for each log')
        .action(async (files: string[], options: Options) => {
          end(await (await load()).verifyAudit(files, options, io));
        });
      flags(command.command('head').description('number and hash of the last entry, to store elsewhere')).action(
        async (files: string[], options: Options) => {
          end(await (await load()).printHeads(files, options, io));
        },
      );
      flags(command.command('tail').description('the last entries'))
        .option('-n, --lines <count>', 'how many', whole, 20)
        .option('-f, --follow', 'print new entries as they come')
        .option('--principal <name>', 'only of this principal')
        .option('--command <pattern>', 'only of this command or tool; * and ? match anything')
        .option('--risk <risk>', 'only of this risk: read, sensitive, change, destroy')
        .option('--result <result>', 'only of this result: done, accepted, refused, failed, cancelled, unknown')
        .option('--since <time>', 'only since then: 2026-05-01T12:00Z, 15m, 2h, 3d')
        .option('--json', 'whole entries, one a line')
        .action(async (files: string[], options: Options) => {
          end(await (await load()).tailAudit(files, options as never, io));
        });
    },
  },
  tools: {
    description: 'the commands: list, find, show',
    build: (command, io, end) => {
      const flags = (sub: Command): Command =>
        withSettings(sub.option('--json', 'as JSON').option('--toolset <name>', 'only this toolset'));
      const load = () => import('./tools-command.ts');
      const given = (options: Options) => ({ ...options, settings: settingsOf(options) });
      flags(command.command('list').description('every command the cloud offers')).action(async (options: Options) => {
        end(await (await load()).listCommands(given(options), io));
      });
      flags(
        command
          .command('find')
          .description('search commands')
          .argument('<text...>')
          .option('--explain', 'explain the order of the results'),
      ).action(async (text: string[], options: Options) => {
        end(await (await load()).findCommands(text.join(' '), given(options), io));
      });
      flags(command.command('show').description('everything about one command').argument('<tool>')).action(
        async (tool: string, options: Options) => {
          end(await (await load()).showCommand(tool, given(options), io));
        },
      );
    },
  },
  simulator: {
    description: 'embedded CloudStack simulator; prints its URL and keys as one JSON line',
    talks: true,
    plain: true,
    build: (command, io, end) =>
      command
        .option('--port <port>', 'port on loopback; 0 takes a free one (default: 8080, else a free one)', whole)
        .option('--integration-port <port>', 'second port on loopback that takes unsigned requests as root', whole)
        .option('--admin-password <password>', 'password of the user admin')
        .option('--empty', 'start with an empty cloud')
        .option('--vms <count>', 'add this many virtual machines', whole)
        .option('--setting <name=value...>', 'set a setting of the cloud, such as quota.enable.service=true')
        .option('--webhook-host <host...>', 'also deliver webhooks to this host')
        .option('--release <release>', 'CloudStack release to simulate, such as 4.19.0')
        .option('--profile-of <release>', 'behave like a fresh installation of this release: admin has password')
        .addOption(
          new Option('--signature <algorithm>', 'accept only signatures of this algorithm').choices(['sha1', 'sha512']),
        )
        .option('--job-millis <milliseconds>', 'how long a job takes', whole)
        .option('--state <file>', 'file that keeps the state across restarts')
        .option('--faults <file>', 'file with faults to inject (YAML or JSON)')
        .action(async (options: Options) => {
          const { runSimulator } = await import('./simulator-command.ts');
          end(await runSimulator(options, io));
        }),
  },
  token: {
    description: 'static tokens for HTTP: create one, or hash one',
    plain: true,
    build: (command, io, end) => {
      const load = () => import('./token-command.ts');
      command
        .command('new')
        .description('print a new token and its hash; put only the hash into the configuration file')
        .action(async () => {
          end(await (await load()).printNewToken(io));
        });
      command
        .command('hash')
        .description('read a token from standard input and print its hash')
        .action(async () => {
          end(await (await load()).printTokenHash(io));
        });
    },
  },
  demo: {
    description: 'demonstration: simulator, server and a scripted MCP client',
    talks: true,
    plain: true,
    build: (command, io, end) =>
      command.action(async () => {
        const { demo } = await import('./demo.ts');
        end(await demo(io));
      }),
  },
  eval: {
    description: 'let a model do tasks on the simulator, and judge the outcome',
    plain: true,
    build: (command, io, end) =>
      command
        .argument('[task...]', 'names or kinds of tasks: look, change, diagnose, refuse, be-refused, budget')
        .option('--model <name>', 'the model; its key comes from OPENAI_API_KEY or ANTHROPIC_API_KEY')
        .option('--endpoint <url>', "the model's endpoint, such as http://localhost:11434/v1")
        .addOption(new Option('--form <form>', 'the API of the endpoint').choices(['openai', 'anthropic']))
        .option('--transcript <file>', 'judge a recorded transcript, instead of a model')
        .option('--record <file>', 'write a transcript of the model to this file')
        .option('--reference', 'our own solutions, instead of a model')
        .option('--config <file>', 'configuration file whose roles and policy apply')
        .option('--json', 'as JSON')
        .action(async (tasks: string[], options: Options) => {
          const { runEval } = await import('./eval-command.ts');
          end(await runEval(tasks, options, io));
        }),
  },
  catalog: {
    description: "compare the catalog with a cloud's listApis, or update it",
    build: (command, io, end) => {
      const flags = (sub: Command): Command =>
        withSettings(sub)
          .option('--from <file>', "a saved answer of listApis instead of the cloud's")
          .option('--release <release>', 'the release it comes from')
          .option('--file <path>', "the catalog to compare or rewrite; data/commands.json, else the program's own");
      const load = () => import('./catalog-command.ts');
      const given = (options: Options) => ({ ...options, settings: settingsOf(options) }) as never;
      flags(command.command('sync').description('rewrite commands.json and responses.json from listApis')).action(
        async (options: Options) => {
          end(await (await load()).syncCatalog(given(options), io));
        },
      );
      flags(command.command('diff').description('show how listApis and the catalog differ')).action(
        async (options: Options) => {
          end(await (await load()).diffCatalog(given(options), io));
        },
      );
    },
  },
  completion: {
    description: 'script that completes tools, parameters, values and names in a shell',
    talks: true,
    build: (command, io, end) =>
      command
        .addArgument(command.createArgument('<shell>', 'bash, zsh, fish or powershell').choices(shells))
        .argument('[words...]', 'after --, words of a command line: prints what the last one may be')
        .action(async (shell: Shell, words: string[]) => {
          const { complete } = await import('./completion-command.ts');
          end(await complete(commands, shell, words, io));
        }),
  },
  version: {
    description: 'print the version, and what the catalog knows',
    plain: true,
    build: (command, io, end) =>
      command.action(async () => {
        const { versionLines } = await import('./version-command.ts');
        for (const line of versionLines()) await printText(io.stdout, line);
        end(exit.done);
      }),
  },
};
