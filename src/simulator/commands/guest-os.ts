import { textArg } from '../rules/args.ts';
import type { Behaviours } from '../rules/call.ts';
import { deleteUnused } from '../rules/removal.ts';
import { object, work } from '../rules/results.ts';

/** Guest operating systems. */
export const guestOs: Behaviours = {
  getHypervisorGuestOsNames: (call) =>
    work(undefined, () => {
      const names = call.world
        .all('GuestOS')
        .map((row) => ({ osdisplayname: row.fields['description'], osnameforhypervisor: row.fields['description'] }));
      return object({
        hypervisor: textArg(call, 'hypervisor'),
        hypervisorversion: textArg(call, 'hypervisorversion'),
        guestoscount: names.length,
        guestoslist: names,
      });
    }),
  removeGuestOs: deleteUnused('ostypeid', ['Template'], 'The guest OS is used by templates'),
  deleteOsCategory: deleteUnused('oscategoryid', ['GuestOS'], 'The OS category has guest OSes'),
};
