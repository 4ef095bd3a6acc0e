/**
 * Commands that drive other makers' machines (or the identity providers outside) in ways of which no later read would
 * show anything. The simulator says that it does not know them; it does not pretend.
 */
export const notSimulatedCommands: ReadonlySet<string> = new Set(
  `addGloboDnsHost addTungstenFabricNetworkGatewayToLogicalRouter applyTungstenFabricPolicy applyTungstenFabricTag associateLun
  associateNuageVspDomainTemplate associateUcsProfileToBlade cloudianSsoLogin configTungstenFabricService
  createTungstenFabricManagementNetwork createTungstenFabricPublicNetwork deletePool deployNetscalerVpx destroyLunOnFiler
  destroyVolumeOnFiler disableCiscoNexusVSM disableNuageUnderlayVlanIpRange dissociateLun enableCiscoNexusVSM
  enableNuageUnderlayVlanIpRange getPathForVolume getSolidFireAccountId getSolidFireVolumeAccessGroupId
  getSolidFireVolumeAccessGroupIds getSolidFireVolumeSize getVolumeSnapshotDetails getVolumeiScsiName
  importVsphereStoragePolicies modifyPool notifyBaremetalProvisionDone registerNetscalerControlCenter removeTungstenFabricNetworkGatewayFromLogicalRouter
  removeTungstenFabricPolicy removeTungstenFabricPolicyRule removeTungstenFabricTag synchronizeTungstenFabricData
  updateTungstenFabricLBHealthMonitor`
    .split(/\s+/)
    .filter(Boolean),
);
