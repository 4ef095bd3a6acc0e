import type { CliCommand } from './cli-command.ts';
import { settingsOf, withSettings, type Options } from './options.ts';

/** The commands for what approvals leave and rest on: receipts and passkeys. */
export const receiptCommands: Readonly<Record<'receipt' | 'passkey', CliCommand>> = {
  passkey: {
    description: 'passkeys of those who approve on the web page',
    talks: true,
    build: (command, io, end) => {
      withSettings(
        command
          .command('reset')
          .description('remove all passkeys of a principal who has lost theirs; they can add one on the page')
          .argument('<principal>', 'name of the principal, as in the audit log'),
      ).action(async (principal: string, options: Options) => {
        const { resetPasskeys } = await import('./passkey-command.ts');
        end(await resetPasskeys(principal, settingsOf(options), io));
      });
    },
  },
  receipt: {
    description: 'signed receipts of approvals and refusals: list, give, verify without a server',
    build: (command, io, end) => {
      const load = () => import('./receipt-command.ts');
      withSettings(command.command('list').description('the last calls that a person approved or confirmed')).action(
        async (options: Options) => {
          end(await (await load()).listReceipts(settingsOf(options), io));
        },
      );
      withSettings(
        command
          .command('show')
          .description('print the receipt of a call: receipt show ID > call.receipt')
          .argument('<call>', 'id of a call in the audit log, or its approval code'),
      ).action(async (id: string, options: Options) => {
        end(await (await load()).showReceipt(id, settingsOf(options), io));
      });
      withSettings(
        command
          .command('verify')
          .description('check a receipt and print what it proves; exit with 1 if it is forged, changed or incomplete')
          .argument('<file>', 'the receipt'),
      )
        .option('--key <key>', "public key that must have signed it; by default this machine's key")
        .option('--against <log>', 'audit log that must contain its entries, at the same place')
        .option('--json', 'as JSON')
        .action(async (file: string, options: Options) => {
          end(await (await load()).verifyReceipt(file, { ...options, settings: settingsOf(options) }, io));
        });
      withSettings(command.command('key').description('the public key, for those who verify receipts')).action(
        async (options: Options) => {
          end(await (await load()).printReceiptKey(settingsOf(options), io));
        },
      );
    },
  },
};
