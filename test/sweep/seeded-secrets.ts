import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import type { Command, Parameter, ResponseType } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { isSecretName } from '../../src/secrets/names.ts';
import { uuid, type Answers } from '../guard/counting.ts';

const canary = 'Kanarienvogel';
let seeded = 0;

/** How many secrets were planted so far. */
export const countSeeded = (): number => seeded;

/** A secret unlike any other, with what encodings change. */
export const seedSecrets = (where: string): string => `${canary}-${seeded++}-${where} &"ö/`;

/** The names of secrets, as data. */
export const secrets = loadData<{
  fields: string[];
  endings: string[];
  segments: string[];
  answers: Record<string, string[]>;
}>('secrets.json');
const types = new Map(loadData<ResponseType[]>('responses.json').map((type) => [type.name, type.fields]));

/** Every secret place among the parameters of a command, filled. */
export const secretArgs = ({ command }: Tool): Record<string, unknown> => {
  const fill = (parameter: Parameter): unknown => {
    const { name, type, map } = parameter;
    if (type === 'map') {
      if (map?.form === 'rows')
        return [Object.fromEntries((map.keys ?? []).map((key) => [key, isSecretName(key) ? seedSecrets(key) : 'x']))];
      return isSecretName(name)
        ? { k: seedSecrets(name) }
        : {
            password: seedSecrets(name),
            'some.secret.key': seedSecrets(name),
            url: `cifs://nas/x?user=u&password=${seedSecrets('').replace(/[ &"ö/]/g, '_')}`,
          };
    }
    // Keys are read between markers.
    if (name === 'privatekey') return `-----BEGIN PRIVATE KEY-----\n${seedSecrets(name)}\n-----END PRIVATE KEY-----`;
    if (type === 'string') return isSecretName(name) ? seedSecrets(name) : undefined;
    return type === 'list' && isSecretName(name) ? [seedSecrets(name).replaceAll(',', ';')] : undefined;
  };
  const filled = command.params.map((parameter) => [parameter.name, fill(parameter)] as const);
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
};

/** A row of a response type with a secret in every field that holds one. */
export const rowOf = (type: string, depth = 2): Record<string, unknown> =>
  Object.fromEntries(
    (types.get(type) ?? []).map((field) => {
      const value = (): unknown => {
        // Says whether keys may be used, not what they are.
        const isKey = field.sensitive && field.name !== 'apikeyaccess';
        if (isKey || isSecretName(field.name)) return seedSecrets(`${type}.${field.name}`);
        if (field.type === 'object') return depth && field.ref ? rowOf(field.ref, depth - 1) : {};
        if (field.type === 'map') return { 'x.password': seedSecrets(`${type}.${field.name}`) };
        return field.type === 'string' ? 'x' : 1;
      };
      return [field.name, field.list ? [value()] : value()];
    }),
  );

const word = (where: string): string => seedSecrets(where).replace(/[ &"ö/]/g, '_');

/** An object of a command's answer with a secret in every place and of every shape. */
export const richRow = (command: Command, id: string = uuid(1)): Record<string, unknown> => {
  const { name } = command;
  const extra = [
    ...secrets.fields,
    ...secrets.endings.map((end) => `my${end}`),
    ...secrets.segments.map((end) => `x.${end}`),
    ...(secrets.answers[name] ?? []),
  ];
  return {
    ...rowOf(command.response),
    ...Object.fromEntries(extra.map((field) => [field, seedSecrets(`${name}.${field}`)])),
    details: { adminpassword: seedSecrets('details'), 'ipmi.pw': seedSecrets('details') },
    nested: [
      { name: 'bind.password', value: seedSecrets('pair') },
      { key: 'secretkey', value: seedSecrets('pair') },
      { name: 'some.setting', value: seedSecrets('pair'), category: 'Secure' },
      { key: 'ovf', value: seedSecrets('pair'), password: true },
    ],
    address: `rbd://user:${word('address')}@host/pool https://${word('address')}@host/x`,
    link: `https://host/x?X-Amz-Signature=${word('link')}&sig=${word('link')}`,
    displaytext: `reset with password=${word('text')} and token: "${word('text')}"`,
    notes: [
      `ran tool --secret ${word('flag')} -v; the password was set to ${word('words')}`,
      `<config><password>${word('element')}</password><entry><key>token</key><value>${word('entry')}</value></entry></config>`,
      `Refused: {\\"password\\":\\"${word('escaped')}\\"} and &quot;token&quot;:&quot;${word('entities')}&quot;`,
      `login?to=a%26password%3D${word('percent')}`,
      `:password => "${word('arrow')}", {"secret":["${word('list')}"]}`,
      `password: |\n  ${word('block')}\n  ${word('block')}\nname: x`,
      `#cloud-config\nchpasswd:\n  list: |\n    root:${word('chpasswd')}`,
      `users:\n- user:\n    client-key-data: ${word('kubeconfig')}`,
      `DefaultEndpointsProtocol=https;AccountKey=${word('account')};x=y`,
      `Authorization: ApiKey ${word('header')}\nCookie: a=b; sid=${word('cookie')}`,
      `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${word('pgp')}\n-----END PGP PRIVATE KEY BLOCK-----`,
      `ALTER USER x IDENTIFIED BY '${word('sql')}'; curl -u admin:${word('curl')} http://host`,
      `glpat-${word('prefix')} ghp_${word('prefix')}`,
    ],
    payload: JSON.stringify({
      user: { password: seedSecrets('json') },
      list: [{ name: 'apikey', value: seedSecrets('json') }],
    }),
    id,
    name: 'thing',
  };
};

/** An answer with a secret in every place where one can be. */
export const rich: Answers = (name, params) => {
  const command = loadCatalog().find(name)?.command;
  if (command === undefined || name === 'queryAsyncJobResult' || command.async) return undefined;
  return answerWith(command, richRow(command, params['id']));
};

/** A command's answer that holds one row. */
export const answerWith = (command: Command, row: Record<string, unknown>): Record<string, unknown> => {
  const key = [command.key ?? 'item'].flat()[0] ?? 'item';
  return command.result === 'list' ? { count: 1, [key]: [row] } : command.result === 'flat' ? row : { [key]: row };
};

/** Where a secret stands, with what is around it. */
export const leaksIn = (sink: string, text: string): string[] =>
  // Most texts hold none: the pattern takes sixty times as long as a look for the word.
  text.includes(canary)
    ? [...text.matchAll(new RegExp(`.{0,60}${canary}.{0,40}`, 'g'))].map(([around]) => `${sink}: ${around}`)
    : [];
