import type { Command } from 'commander';
import type { CliCommand } from './cli-command.ts';
import { settingsOf, toNames, withSettings, type Options } from './options.ts';

/** The commands for the key pairs of users. */
export const keyCommands: Readonly<Record<'keys', CliCommand>> = {
  keys: {
    description: "a user's API keys: show, register, rotate",
    build: (command, io, end) => {
      const load = () => import('./keys-command.ts');
      const flags = (sub: Command): Command =>
        withSettings(sub.argument('<user>', "the user's name or id")).option(
          '--secrets-to <file>',
          'new file for the keys; only you can read it',
        );
      const given = (options: Options) => ({ ...options, settings: settingsOf(options) }) as never;
      withSettings(
        command
          .command('show')
          .description('show whether a user has keys; they stay masked')
          .argument('<user>', "the user's name or id"),
      ).action(async (user: string, options: Options) => {
        end(await (await load()).showKeys(user, given(options), io));
      });
      flags(
        command
          .command('register')
          .description('create a key pair; before CloudStack 4.23 the previous one stops working at once'),
      )
        .option('--name <text>', 'name of the pair')
        .option('--only-reads', 'the pair may only read, and nothing that shows credentials')
        .option(
          '--allow <commands>',
          'commands that the pair may call, comma-separated; * matches any letters',
          toNames,
        )
        .option('--deny <commands>', 'commands that it may not call; overrides what is allowed', toNames)
        .option('--until <date>', 'when the pair stops working, such as 2030-12-31')
        .addHelpText(
          'after',
          '\nA name, rules and an end need CloudStack 4.23 or newer: the cloud itself keeps the pair within them.',
        )
        .action(async (user: string, options: Options) => {
          end(await (await load()).registerKeys(user, given(options), io));
        });
      flags(
        command
          .command('rotate')
          .description('create a key pair, test it with a signed call, and put it into the profile'),
      )
        .option('--update-config', 'put the new keys into the profile of the configuration file')
        .action(async (user: string, options: Options) => {
          end(await (await load()).rotateKeys(user, given(options), io));
        });
    },
  },
};
