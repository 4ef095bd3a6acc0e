/** Kinds that a stored `…id` field points to. */
export const kindOfId: Record<string, string> = {
  accountid: 'Account',
  aclid: 'NetworkACL',
  affinitygroupid: 'AffinityGroup',
  asnrangeid: 'ASNRange',
  associatednetworkid: 'Network',
  autoscalevmgroupid: 'AutoScaleVmGroup',
  backupofferingid: 'BackupOffering',
  clusterid: 'Cluster',
  counterid: 'Counter',
  destzoneid: 'Zone',
  diskofferingid: 'DiskOffering',
  dnsserverid: 'DnsServer',
  dnszoneid: 'DnsZone',
  domainid: 'Domain',
  extensionid: 'Extension',
  gatewayid: 'PrivateGateway',
  gpucardid: 'GpuCard',
  groupid: 'InstanceGroup',
  guestnetworkid: 'Network',
  guestosid: 'GuestOS',
  hostid: 'Host',
  hsmprofileid: 'HSMProfile',
  ipaddressid: 'IPAddress',
  isoid: 'Template',
  kubernetesversionid: 'KubernetesSupportedVersion',
  lbruleid: 'LoadBalancer',
  managementserverid: 'ManagementServer',
  networkid: 'Network',
  networkofferingid: 'NetworkOffering',
  objectstorageid: 'ObjectStore',
  oscategoryid: 'GuestOSCategory',
  ostypeid: 'GuestOS',
  parentdomainid: 'Domain',
  physicalnetworkid: 'PhysicalNetwork',
  podid: 'Pod',
  projectid: 'Project',
  projectroleid: 'ProjectRole',
  publicipid: 'IPAddress',
  roleid: 'Role',
  s2scustomergatewayid: 'Site2SiteCustomerGateway',
  s2svpngatewayid: 'Site2SiteVpnGateway',
  serviceofferingid: 'ServiceOffering',
  snapshotid: 'Snapshot',
  sourceipaddressnetworkid: 'Network',
  storageid: 'StoragePool',
  templateid: 'Template',
  userdataid: 'UserData',
  userid: 'User',
  vgpuprofileid: 'VgpuProfile',
  virtualmachineid: 'UserVm',
  vlanid: 'VlanIpRange',
  volumeid: 'Volume',
  vpcid: 'Vpc',
  vpcofferingid: 'VpcOffering',
  webhookid: 'Webhook',
  zoneid: 'Zone',
};

/** Shown fields beside an id, and the referenced resource's field each takes; `$WORD` is the word itself. */
export type Expansion = readonly (readonly [shown: string, source: string])[];

const oddExpansions: Record<string, Expansion> = {
  virtualmachineid: [
    ['virtualmachinename', 'name'],
    ['virtualmachinedisplayname', 'displayname'],
    ['virtualmachinestate', 'state'],
    ['vmname', 'name'],
    ['vmdisplayname', 'displayname'],
    ['vmstate', 'state'],
    ['vmtype', '$UserVm'],
    ['virtualmachinetype', '$UserVm'],
  ],
  ostypeid: [
    ['ostypename', 'description'],
    ['osdisplayname', 'description'],
  ],
  guestosid: [['osdisplayname', 'description']],
  oscategoryid: [['oscategoryname', 'name']],
  ipaddressid: [['ipaddress', 'ipaddress']],
  publicipid: [['publicip', 'ipaddress']],
  roleid: [
    ['rolename', 'name'],
    ['roletype', 'type'],
  ],
  storageid: [['storage', 'name']],
  userid: [['username', 'username']],
  templateid: [
    ['templatename', 'name'],
    ['templatedisplaytext', 'displaytext'],
    ['templateformat', 'format'],
    ['templatetype', 'templatetype'],
  ],
  networkofferingid: [
    ['networkofferingname', 'name'],
    ['networkofferingdisplaytext', 'displaytext'],
    ['networkofferingconservemode', 'conservemode'],
    ['networkofferingavailability', 'availability'],
  ],
  domainid: [
    ['domain', 'name'],
    ['domainname', 'name'],
    ['domainpath', 'path'],
  ],
  volumeid: [
    ['volumename', 'name'],
    ['volumetype', 'type'],
    ['volumestate', 'state'],
  ],
  groupid: [['group', 'name']],
  hsmprofileid: [['hsmprofile', 'name']],
  projectid: [['project', 'name']],
  accountid: [['account', 'name']],
  kubernetesversionid: [['kubernetesversionname', 'name']],
};

/** What is shown beside one `…id` field. */
export const expansionOf = (field: string): Expansion => {
  const odd = oddExpansions[field];
  if (odd) return odd;
  const stem = field.slice(0, -2);
  return [
    [`${stem}name`, 'name'],
    [`${stem}displaytext`, 'displaytext'],
  ];
};
