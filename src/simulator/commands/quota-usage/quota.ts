import { genericBehaviour, statedFields } from '../../engine/generic.ts';
import { pageOfItems } from '../../engine/paging.ts';
import { isWithin } from '../../rules/access.ts';
import { flagArg, needRow, numberArg, rowArg, text, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../../rules/call.ts';
import { sum } from '../../rules/figures.ts';
import { accountOfProject, isProjectAccount } from '../../rules/projects.ts';
import { list, object, success } from '../../rules/results.ts';
import { findAccount } from '../../rules/scope.ts';
import { recordsOf, usageTypes, usageWindow } from '../../rules/usage.ts';
import { formatDate, parseDate } from '../../world/clock.ts';
import { badValue } from '../../world/errors.ts';
import { insertKind } from '../../world/insert.ts';
import { isOn } from '../../world/settings.ts';
import type { Fields, Resource } from '../../world/types.ts';
import type { World } from '../../world/world.ts';

const tariffOf = (world: World, type: number): number =>
  Number(
    [...world.all('QuotaTariff')].find(({ fields }) => fields['usageType'] === type)?.fields['tariffValue'] ?? 0.01,
  );

const creditsOf = (world: World, account: Resource): number =>
  sum(world.where('QuotaCredits', 'accountid', account.id), ({ fields }) => Number(fields['credits'] ?? 0));

const balanceOf = (world: World, account: Resource): number => {
  const from = world.clock.now() - 30 * 86_400_000;
  const spent = recordsOf(world, from, world.clock.now())
    .filter(({ owner }) => owner === account.id)
    .reduce((all, { hours, fields }) => all + hours * tariffOf(world, Number(fields['usagetype'])), 0);
  return Number((creditsOf(world, account) - spent).toFixed(2));
};

const quotaAccount = (call: Call): Resource => {
  const project = rowArg(call, 'projectid');
  const account =
    rowArg(call, 'accountid') ??
    (project ? accountOfProject(call.world, project.id) : undefined) ??
    (textArg(call, 'account') === undefined ? call.caller.account : undefined) ??
    findAccount(call.world, textArg(call, 'account') ?? '', rowArg(call, 'domainid')?.id ?? call.caller.domain.id);
  if (!account) throw badValue(`Unable to find account ${textArg(call, 'account')}`);
  return account;
};

const tariffFields = (call: Call): Fields => {
  const type = usageTypes.find(([number]) => number === numberArg(call, 'usagetype'));
  const { name, description, value, activationrule, startdate, enddate, position } = call.args;
  const given: Fields = {
    name,
    description,
    tariffValue: value,
    activationRule: activationrule,
    effectiveDate: startdate === undefined ? undefined : formatDate(parseDate(String(startdate)) ?? 0),
    endDate: enddate === undefined ? undefined : formatDate(parseDate(String(enddate), true) ?? 0),
    position,
    ...(type ? { usageType: type[0], usageName: type[1], usageTypeDescription: type[2], usageUnit: type[3] } : {}),
  };
  return Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined));
};

const statement = (call: Call): Fields => {
  const account = quotaAccount(call);
  const [from, to] = usageWindow(call);
  const items = usageTypes
    .map(([type, , words, unit]): Fields => {
      const hours = recordsOf(call.world, from, to)
        .filter(({ owner, fields }) => owner === account.id && fields['usagetype'] === type)
        .reduce((all, record) => all + record.hours, 0);
      return {
        type,
        name: words,
        unit,
        quota: Number((hours * tariffOf(call.world, type)).toFixed(4)),
        account: account.fields['name'],
        accountid: account.no,
        domain: call.world.get(text(account, 'domainid'))?.no,
      };
    })
    .filter(({ quota }) => Number(quota) > 0);
  return {
    quotausage: items,
    totalquota: items.reduce((all, { quota }) => all + Number(quota), 0),
    startdate: formatDate(from),
    enddate: formatDate(to),
    currency: '$',
  };
};

/** What one resource was charged: by its usage records of a type. */
const resourceStatement: Behaviour = (call) => {
  const { world } = call;
  const type = usageTypes.find(([number]) => number === numberArg(call, 'usagetype'));
  if (!type) throw badValue(`Usage type not found: ${numberArg(call, 'usagetype')}`);
  const [from, to] = usageWindow(call);
  const hours = recordsOf(world, from, to)
    .filter(({ fields }) => fields['usagetype'] === type[0] && fields['usageid'] === textArg(call, 'id'))
    .reduce((all, record) => all + record.hours, 0);
  const totalquota = Number((hours * tariffOf(world, type[0])).toFixed(4));
  return object({ usagename: type[1], unit: type[3], totalquota, items: [] });
};

const summary: Behaviour = (call) => {
  const { world, caller } = call;
  const all = flagArg(call, 'listall');
  const chosen = world
    .all('Account')
    .filter(
      (account) =>
        !isProjectAccount(account) &&
        account.hidden['system'] !== true &&
        (all
          ? isWithin(world, text(account, 'domainid'), caller.domain.id)
          : account.id === (textArg(call, 'account') === undefined ? caller.account.id : quotaAccount(call).id)),
    );
  return pageOfItems(
    call,
    chosen.map((account) => ({
      accountid: account.id,
      account: account.fields['name'],
      domainid: account.fields['domainid'],
      domain: world.get(text(account, 'domainid'))?.fields['name'],
      balance: balanceOf(world, account),
      quota: creditsOf(world, account) - balanceOf(world, account),
      state: account.fields['state'],
      currency: '$',
      quotaenabled: true,
      startdate: world.now(),
      enddate: world.now(),
    })),
  );
};

const templateTypes = ['QUOTA_LOW', 'QUOTA_EMPTY', 'QUOTA_UNLOCK_ACCOUNT', 'QUOTA_STATEMENT'];

const mailTemplates = (world: World): Fields[] =>
  templateTypes.map((templatetype) => {
    const own = [...world.where('QuotaEmailTemplate', 'templatetype', templatetype)][0];
    return own
      ? own.fields
      : {
          templatetype,
          templatesubject: templatetype.replaceAll('_', ' ').toLowerCase(),
          templatebody: 'Dear {userName}',
          locale: 'en_US',
          last_updated: world.now(),
        };
  });

/** Quota: tariffs, credits, balances, statements. */
export const quota: Behaviours = {
  quotaIsEnabled: ({ world }) => object({ isenabled: isOn(world, 'quota.enable.service') }),
  quotaTariffCreate: (call) => {
    const name = textArg(call, 'name') ?? '';
    if (call.world.all('QuotaTariff').some((row) => text(row, 'name') === name))
      throw badValue(`A quota tariff with name [${name}] already exist.`);
    const row = insertKind(call.world, 'QuotaTariff', {
      effectiveDate: call.world.now(),
      position: 1,
      currency: '$',
      ...tariffFields(call),
    });
    call.world.update(row, { uuid: row.id });
    return object(row);
  },
  quotaTariffUpdate: (call) => {
    const row = call.world.all('QuotaTariff').find((tariff) => text(tariff, 'name') === textArg(call, 'name'));
    if (!row) throw badValue(`There is no quota tariffs with name [${textArg(call, 'name')}].`);
    call.world.update(row, tariffFields(call));
    return object(row);
  },
  quotaTariffList: (call) => {
    const type = numberArg(call, 'usagetype');
    const [id, name] = [textArg(call, 'id'), textArg(call, 'name')];
    return list(
      call.world
        .all('QuotaTariff')
        .filter(
          (row) =>
            (type === undefined || row.fields['usageType'] === type) &&
            (id === undefined || row.id === id) &&
            (name === undefined || text(row, 'name') === name),
        ),
    );
  },
  // Named the other way round; deleted like anything else.
  quotaTariffDelete: genericBehaviour('deleteQuotaTariff'),
  quotaCredits: (call) => {
    const account = quotaAccount(call);
    const row = insertKind(call.world, 'QuotaCredits', {
      accountid: account.id,
      credit: call.args['value'],
      credits: call.args['value'],
      currency: '$',
      creditedon: call.world.now(),
      updated_on: call.world.now(),
      updated_by: call.caller.user.fields['username'],
      creditoruserid: call.caller.user.id,
      creditorusername: call.caller.user.fields['username'],
    });
    return object(row);
  },
  quotaCreditsList: (call) => {
    const account = rowArg(call, 'accountid');
    return list(call.world.all('QuotaCredits').filter(({ fields }) => !account || fields['accountid'] === account.id));
  },
  quotaBalance: (call) => {
    const account = quotaAccount(call);
    const balance = balanceOf(call.world, account);
    return object({
      balances: [{ balance, date: call.world.now() }],
      account: account.fields['name'],
      accountid: account.no,
      startquota: balance,
      startdate: call.world.now(),
      currency: '$',
      credits: [],
    });
  },
  quotaStatement: (call) => object(statement(call)),
  quotaResourceStatement: resourceStatement,
  quotaSummary: summary,
  quotaUpdate: (call) => {
    const row = insertKind(call.world, 'QuotaRun', { created: call.world.now() });
    return object({ updated_on: row.fields['created'] });
  },
  quotaConfigureEmail: (call) => {
    const account = needRow(call, 'accountid');
    for (const old of [...call.world.where('QuotaConfigureEmail', 'accountid', account.id)]) call.world.remove(old);
    const { fields } = statedFields(call, 'QuotaConfigureEmail');
    return object(
      insertKind(call.world, 'QuotaConfigureEmail', {
        ...fields,
        account: account.fields['name'],
        enabled: call.args['enable'],
      }),
    );
  },
  quotaListEmailConfiguration: (call) =>
    list([...call.world.where('QuotaConfigureEmail', 'accountid', needRow(call, 'accountid').id)]),
  quotaEmailTemplateList: (call) =>
    list(
      mailTemplates(call.world).filter(
        ({ templatetype }) =>
          textArg(call, 'templatetype') === undefined || templatetype === textArg(call, 'templatetype'),
      ),
    ),
  quotaEmailTemplateUpdate: (call) => {
    const type = textArg(call, 'templatetype') ?? '';
    for (const old of [...call.world.where('QuotaEmailTemplate', 'templatetype', type)]) call.world.remove(old);
    insertKind(call.world, 'QuotaEmailTemplate', {
      ...statedFields(call, 'QuotaEmailTemplate').fields,
      locale: textArg(call, 'locale') ?? 'en_US',
      last_updated: call.world.now(),
    });
    return success();
  },
  quotaPresetVariablesList: () =>
    list(
      [
        ['account.name', 'Name of the owner'],
        ['value.size', 'Size of the resource'],
        ['zone.name', 'Name of the zone'],
      ].map(([variable, description]) => ({ variable, description })),
    ),
  quotaValidateActivationRule: (call) =>
    object({
      activationrule: textArg(call, 'activationrule'),
      quotatype: usageTypes.find(([type]) => type === numberArg(call, 'usagetype'))?.[1],
      isvalid: !/[;{]\s*$/.test(textArg(call, 'activationrule') ?? ''),
      message: 'Checked for unfinished statements only',
    }),
};
