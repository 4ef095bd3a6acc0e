import type { Command } from '../../catalog/types.ts';

/** Kinds that share a response type, distinguished by the noun in the command's name. */
const kindByNoun: Record<string, string> = {
  FirewallRule: 'Firewall',
  EgressFirewallRule: 'EgressFirewall',
  PortForwardingRule: 'PortForwardingRule',
  IpForwardingRule: 'IpForwardingRule',
  Ipv6FirewallRule: 'Ipv6FirewallRule',
  RoutingFirewallRule: 'RoutingFirewallRule',
  LoadBalancer: 'ApplicationLoadBalancer',
  LoadBalancerRule: 'LoadBalancer',
  Tag: 'ResourceTag',
  ResourceDetail: 'ResourceDetail',
  TrafficType: 'TrafficType',
  ProjectAccount: 'ProjectAccount',
  ProjectInvitation: 'ProjectInvitation',
  WebhookDelivery: 'WebhookDelivery',
  WebhookFilter: 'WebhookFilter',
  WebhookDeliverie: 'WebhookDelivery',
  Backup: 'Backup',
  BackupSchedule: 'BackupSchedule',
  Iso: 'Template',
  VnfTemplate: 'Template',
  UserData: 'UserData',
  CniConfiguration: 'CniConfiguration',
  NetworkACL: 'NetworkACLItem',
  NetworkAclItem: 'NetworkACLItem',
  NetworkACLItem: 'NetworkACLItem',
  NetworkACLList: 'NetworkACL',
  PublicIpAddresse: 'IPAddress',
  IpAddress: 'IPAddress',
  SSHKeyPair: 'SSHKeyPair',
  SecondaryStagingStore: 'SecondaryStagingStore',
  Swift: 'Swift',
  BackupProviderOffering: 'BackupProviderOffering',
  HostHAResource: 'HostHA',
  QuotaTariff: 'QuotaTariff',
  OauthProvider: 'OauthProvider',
  SnapshotPolicie: 'SnapshotPolicy',
  SystemVm: 'SystemVm',
  BaremetalPxeServer: 'BaremetalPxe',
  SamlAuthorization: 'SamlAuthorization',
  SrxFirewall: 'SrxFirewall',
  ExternalLoadBalancer: 'ExternalLoadBalancer',
};

/** Response types that show another kind's resources with more or fewer fields. */
const kindShown: Record<string, string> = {
  VmMetrics: 'UserVm',
  VirtualMachine: 'UserVm',
  VmMetricsStats: 'UserVm',
  VolumeMetrics: 'Volume',
  VolumeMetricsStats: 'Volume',
  HostMetrics: 'Host',
  HostForMigration: 'Host',
  ClusterMetrics: 'Cluster',
  ZoneMetrics: 'Zone',
  StoragePoolMetrics: 'StoragePool',
  ManagementServerMetrics: 'ManagementServer',
  CreateSSHKeyPair: 'SSHKeyPair',
  BaremetalPxeKickStart: 'BaremetalPxe',
  BaremetalPxePing: 'BaremetalPxe',
};

/** Response type whose fields a kind is shown with, where it is not the kind's own name. */
const responseTypes: Record<string, string> = {
  EgressFirewall: 'Firewall',
  PortForwardingRule: 'FirewallRule',
  IpForwardingRule: 'FirewallRule',
  Ipv6FirewallRule: 'FirewallRule',
  RoutingFirewallRule: 'FirewallRule',
  ResourceDetail: 'ResourceTag',
  CniConfiguration: 'UserData',
  SecondaryStagingStore: 'ImageStore',
  Swift: 'ImageStore',
  BackupProviderOffering: 'BackupOffering',
};

/** Kinds an id parameter may mean, where the declaration is wider or narrower than what is stored. */
const families: Record<string, readonly string[]> = {
  FirewallRule: [
    'Firewall',
    'EgressFirewall',
    'PortForwardingRule',
    'LoadBalancer',
    'ApplicationLoadBalancer',
    'IpForwardingRule',
    'Ipv6FirewallRule',
    'RoutingFirewallRule',
  ],
  UserVm: ['UserVm', 'DomainRouter', 'SystemVm'],
  SystemVm: ['SystemVm', 'DomainRouter', 'UserVm', 'Volume'],
  DomainRouter: ['DomainRouter'],
  StoragePool: ['StoragePool', 'ObjectStore'],
  // listWebhookFilters declares the id of a filter so.
  WebhookDelivery: ['WebhookDelivery', 'WebhookFilter'],
  ImageStore: ['ImageStore', 'SecondaryStagingStore', 'Swift'],
  Host: ['Host', 'ExternalFirewall', 'ExternalLoadBalancer', 'TrafficMonitor', 'NetworkDevice', 'Ssp'],
  UserData: ['UserData', 'CniConfiguration'],
  VlanIpRange: ['VlanIpRange', 'NuageVlanIpRange'],
  AcquireIPAddress: ['AcquirePodIpCmd'],
  IsoVm: ['Template'],
  TemplatePermissions: ['Template'],
  TlsData: ['LoadBalancer'],
  ManagementServerMetrics: ['ManagementServer'],
};

const metricsSuffix = /Metrics$|UsageHistory$/;

/** `deletePortForwardingRules` → `PortForwardingRule`. */
const nounOf = (command: string): string =>
  command
    .replace(/^[a-z]+/, '')
    .replace(metricsSuffix, '')
    .replace(/(?<!s)s$/, '');

/** The kind that an entity name of the id parameters stores its resources as, for the ones that differ. */
const storedKinds: Record<string, string> = { FirewallRule: 'Firewall', TlsData: 'LoadBalancer', IsoVm: 'Template' };

/** The kind of resource that a command makes, lists or changes. */
export const kindOf = (command: Command): string => {
  const noun = kindByNoun[nounOf(command.name)];
  if (noun !== undefined) return noun;
  const shown = kindShown[command.response] ?? command.response;
  if (shown !== 'Success' && shown !== 'Base' && shown !== 'Extract') return shown;
  if (command.name.startsWith('deleteTungstenFabric')) return nounOf(command.name);
  const target = command.params.find(({ name, kind }) => kind !== undefined && name === 'id');
  const first = target ?? command.params.find(({ kind, required }) => kind !== undefined && required);
  const kind = first?.kind ?? nounOf(command.name);
  return storedKinds[kind] ?? kind;
};

/** Response type with which a kind is shown. */
export const typeOf = (kind: string): string => responseTypes[kind] ?? kind;

/** Kinds of stored resources that an id of the declared kind may mean. */
export const familyOf = (kind: string): readonly string[] => families[kind] ?? [kindShown[kind] ?? kind];
