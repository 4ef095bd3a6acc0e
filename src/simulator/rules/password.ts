import { createHash } from 'node:crypto';
import { badValue } from '../world/errors.ts';
import { settingIn } from '../world/settings.ts';
import type { World } from '../world/world.ts';

/** A password as it is stored and compared: never in the clear, so that a saved world holds no passwords. */
export const hashPassword = (password: string): string =>
  createHash('sha256').update(`simulator:${password}`).digest('hex');

/** What a password is to have so many of, by setting; in the order in which PasswordPolicyImpl looks. */
const minima: readonly [setting: string, what: string, count: (password: string) => number][] = [
  ['special.characters', 'special characters', (password) => (password.match(/[^\p{L}\p{Nd}]/gu) ?? []).length],
  ['uppercase.letters', 'upper case letters', (password) => (password.match(/\p{Lu}/gu) ?? []).length],
  ['lowercase.letters', 'lower case letters', (password) => (password.match(/\p{Ll}/gu) ?? []).length],
  ['digits', 'digits', (password) => (password.match(/\p{Nd}/gu) ?? []).length],
  ['length', 'characters', (password) => password.length],
];

/** Refuses a password that the settings of the user's domain do not take; their pattern is not looked at. */
export const checkPassword = (world: World, domain: string, username: string, password: string): void => {
  for (const [setting, what, count] of minima) {
    const least = Number(settingIn(world, domain, `password.policy.minimum.${setting}`) ?? 0);
    if (count(password) < least) throw badValue(`User password should contain at least [${least}] ${what}.`);
  }
  if (
    settingIn(world, domain, 'password.policy.allowPasswordToContainUsername') === 'false' &&
    password.toLowerCase().includes(username.toLowerCase())
  )
    throw badValue('User password should not contain their username.');
};
