// What a terminal gives a script.
const [zone] = await cloudstack.listZones({ name: inputs.name });
return { name: zone.name };
