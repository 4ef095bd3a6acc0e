/**
 * What the Terraform provider cloudstack/cloudstack takes: the schemas of its resources, read in the sources at
 * github.com/apache/cloudstack-terraform-provider (cloudstack/resource_cloudstack_*.go). Capital letters: required. `[]`:
 * a list or a set; `#`: a number; `?`: a yes or no; `{}`: a map. What a block takes stands under `type.block`.
 */
export const resources: Readonly<Record<string, string>> = {
  cloudstack_vpc: 'NAME display_text CIDR VPC_OFFERING network_domain project ZONE tags{}',
  cloudstack_network_acl: 'NAME description project VPC_ID',
  cloudstack_network_acl_rule: 'ACL_ID managed? project parallelism#',
  'cloudstack_network_acl_rule.rule':
    'rule_number# action CIDR_LIST[] PROTOCOL icmp_type# icmp_code# port traffic_type description',
  cloudstack_network:
    'NAME display_text CIDR gateway startip endip network_domain NETWORK_OFFERING vlan# vpc_id acl_id project source_nat_ip? ZONE tags{}',
  cloudstack_affinity_group: 'NAME description TYPE project',
  cloudstack_ssh_keypair: 'NAME public_key project',
  cloudstack_security_group: 'NAME description project',
  cloudstack_instance:
    'name display_name SERVICE_OFFERING disk_offering network_id ip_address TEMPLATE root_disk_size# group affinity_group_ids[] security_group_ids[] project ZONE keypair keypairs[] host_id cluster_id start_vm? user_data userdata_id expunge? tags{}',
  cloudstack_disk: 'NAME attach? device_id# disk_offering size# shrink_ok? virtual_machine_id project ZONE tags{}',
  cloudstack_ipaddress: 'is_portable? network_id vpc_id zone project',
  cloudstack_firewall: 'IP_ADDRESS_ID project managed? parallelism#',
  'cloudstack_firewall.rule': 'CIDR_LIST[] PROTOCOL icmp_type# icmp_code# ports[]',
  cloudstack_egress_firewall: 'NETWORK_ID project managed? parallelism#',
  'cloudstack_egress_firewall.rule': 'cidr_list[] PROTOCOL icmp_type# icmp_code# ports[]',
  cloudstack_port_forward: 'IP_ADDRESS_ID managed? project',
  'cloudstack_port_forward.forward': 'PROTOCOL PRIVATE_PORT# PUBLIC_PORT# VIRTUAL_MACHINE_ID vm_guest_ip',
  cloudstack_loadbalancer_rule:
    'NAME description IP_ADDRESS_ID network_id ALGORITHM certificate_id PRIVATE_PORT# PUBLIC_PORT# protocol MEMBER_IDS[] project',
  cloudstack_static_nat: 'IP_ADDRESS_ID VIRTUAL_MACHINE_ID vm_guest_ip project',
};

/** What the modules of the Ansible collection ngine_io.cloudstack take (version 2.5, their argument_spec), in the same signs. */
export const modules: Readonly<Record<string, string>> = {
  cs_vpc: 'NAME cidr display_text vpc_offering network_domain project account domain ZONE tags[]',
  cs_network:
    'NAME display_text network_offering ZONE start_ip end_ip gateway netmask vlan vpc network_domain acl acl_type project account domain tags[]',
  cs_network_acl: 'NAME description VPC ZONE project account domain',
  cs_network_acl_rule:
    'NETWORK_ACL RULE_POSITION# VPC cidrs[] protocol traffic_type action_policy icmp_type# icmp_code# start_port# end_port# ZONE project account domain tags[]',
  cs_ip_address: 'ip_address vpc network ZONE project account domain tags[]',
  cs_firewall:
    'ip_address network cidrs[] protocol type icmp_type# icmp_code# start_port# end_port# ZONE project account domain tags[]',
  cs_portforward:
    'IP_ADDRESS protocol PUBLIC_PORT# public_end_port# PRIVATE_PORT# private_end_port# open_firewall? vm_guest_ip vm vpc network ZONE project account domain tags[]',
  cs_loadbalancer_rule:
    'NAME description algorithm private_port# public_port# protocol IP_ADDRESS cidr project account domain open_firewall? tags[] zone vpc network',
  cs_loadbalancer_rule_member: 'NAME ip_address VMS[] zone project account domain',
  cs_instance:
    'name display_name group state service_offering template networks[] ip_address disk_offering disk_size# root_disk_size# hypervisor host security_groups[] affinity_groups[] project account domain user_data ZONE ssh_key tags[]',
  cs_volume: 'NAME disk_offering size# snapshot vm device_id# state ZONE project account domain tags[]',
  cs_affinitygroup: 'NAME affinity_type description project account domain',
  cs_staticnat: 'IP_ADDRESS vm vm_guest_ip network vpc ZONE project account domain',
  cs_sshkeypair: 'NAME public_key project account domain',
  cs_securitygroup: 'NAME description project account domain',
};

/** What is wrong with options that were written, by the schema of what they were written for. */
export const problemsOf = (
  what: string,
  schema: string | undefined,
  given: Readonly<Record<string, unknown>>,
): string[] => {
  if (schema === undefined) return [`${what} is unknown`];
  const known = new Map(
    schema.split(' ').map((word) => {
      const [, name = '', sign = ''] = /^(\w+)(\W*)$/.exec(word)!;
      return [name.toLowerCase(), { sign, isRequired: name !== name.toLowerCase() }] as const;
    }),
  );
  const fits = (sign: string, value: unknown): boolean => {
    if (sign === '[]') return Array.isArray(value);
    if (sign === '{}') return typeof value === 'object' && !Array.isArray(value);
    if (sign === '#') return typeof value === 'number';
    return sign === '?' ? typeof value === 'boolean' : typeof value === 'string';
  };
  return [
    ...Object.entries(given).flatMap(([name, value]) => {
      const option = known.get(name);
      if (!option) return [`${what} has no ${name}`];
      return fits(option.sign, value) ? [] : [`${what}: ${name} is ${JSON.stringify(value)}`];
    }),
    ...[...known].flatMap(([name, { isRequired }]) =>
      isRequired && given[name] === undefined ? [`${what} lacks ${name}`] : [],
    ),
  ];
};
