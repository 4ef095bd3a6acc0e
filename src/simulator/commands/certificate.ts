import { createHash } from 'node:crypto';
import { listRows } from '../engine/list.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { accountOfProject } from '../rules/projects.ts';
import { list, object, success, work } from '../rules/results.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';

const serial = (call: Call): string => createHash('sha1').update(call.world.random.uuid()).digest('hex').slice(0, 16);

const pem = (kind: string, seed: string): string =>
  `-----BEGIN ${kind}-----\n${Buffer.from(`simulated ${seed}`).toString('base64')}\n-----END ${kind}-----\n`;

const uploadCert: Behaviour = (call) => {
  const owner = ownerOf(call);
  const certificate = textArg(call, 'certificate') ?? '';
  const row = insertKind(
    call.world,
    'SslCert',
    {
      name: textArg(call, 'name'),
      certificate,
      certchain: textArg(call, 'certchain'),
      fingerprint: createHash('sha1').update(certificate).digest('hex').toUpperCase().match(/../g)?.join(':'),
    },
    { owner: owner.id, hidden: { privatekey: 'kept' } },
  );
  return object(row);
};

const certRules = (call: Call, cert: Resource): Resource[] =>
  call.world.all('LoadBalancer').filter(({ hidden }) => hidden['certid'] === cert.id);

const listCerts: Behaviour = (call) => {
  const { world } = call;
  const [cert, rule, account] = [rowArg(call, 'certid'), rowArg(call, 'lbruleid'), rowArg(call, 'accountid')];
  const project = rowArg(call, 'projectid');
  const owner = project ? accountOfProject(world, project.id) : account;
  const rows = world
    .all('SslCert')
    .filter(
      (row) =>
        (!cert || row === cert) &&
        (!rule || rule.hidden['certid'] === row.id) &&
        (owner
          ? row.owner === owner.id
          : cert !== undefined || rule !== undefined || row.owner === call.caller.account.id),
    );
  return listRows(call, 'SslCert', rows, []);
};

/** Certificates. */
export const certificate: Behaviours = {
  provisionCertificate: (call) => {
    const host = needRow(call, 'hostid');
    return work(host, () => {
      call.world.hide(host, { certificate: call.world.now() });
      if (flagArg(call, 'reconnect')) call.world.update(host, { lastpinged: call.world.now() });
      return success();
    });
  },
  uploadSslCert: uploadCert,
  listSslCerts: listCerts,
  deleteSslCert: (call) => {
    const row = needRow(call, 'id');
    const rules = certRules(call, row);
    if (rules.length > 0)
      throw failure(`Certificate in use by a loadbalancer(s) ${rules.map((rule) => text(rule, 'name')).join(', ')}`);
    call.world.remove(row);
    return success();
  },
  uploadCustomCertificate: (call) => {
    const row = insertKind(call.world, 'CustomCertificate', {
      message: 'Certificate has been updated, SSVMs and CPVMs restart to use it',
      domainsuffix: textArg(call, 'domainsuffix'),
    });
    return work(row, () => object(row));
  },
  listCAProviders: (call) =>
    list(
      [{ name: 'root', description: "CloudStack's own certificate authority" }].filter(
        ({ name }) => name === (textArg(call, 'name') ?? name),
      ),
    ),
  listCaCertificate: () => object({ certificate: pem('CERTIFICATE', 'root certificate') }),
  issueCertificate: (call) =>
    work(undefined, () => {
      const row = insertKind(call.world, 'IssuedCertificate', {
        serial: serial(call),
        domain: textArg(call, 'domain'),
      });
      return object({
        certificate: pem('CERTIFICATE', row.id),
        cacertificates: pem('CERTIFICATE', 'root certificate'),
        ...(textArg(call, 'csr') === undefined ? { privatekey: pem('PRIVATE KEY', 'key') } : {}),
      });
    }),
  revokeCertificate: (call) =>
    work(undefined, () => {
      insertKind(call.world, 'RevokedCertificate', { serial: textArg(call, 'serial'), cn: textArg(call, 'cn') });
      return success();
    }),
  provisionTemplateDirectDownloadCertificate: (call) => {
    const host = needRow(call, 'hostid');
    const cert = needRow(call, 'id');
    call.world.hide(cert, { hosts: [...(Array.isArray(cert.hidden['hosts']) ? cert.hidden['hosts'] : []), host.id] });
    return object({ hostid: host.id, hostname: host.fields['name'], status: 'UPLOADED' });
  },
  revokeTemplateDirectDownloadCertificate: (call) => {
    const cert =
      rowArg(call, 'id') ??
      call.world.all('DirectDownloadCertificate').find((row) => text(row, 'name') === textArg(call, 'name'));
    if (!cert) throw badValue('No such certificate');
    call.world.remove(cert);
    return list(
      [...call.world.where('Host', 'zoneid', needRow(call, 'zoneid').id)].map((host) => ({
        hostid: host.id,
        hostname: host.fields['name'],
        status: 'REVOKED',
      })),
    );
  },
};
