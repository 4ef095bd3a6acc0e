/** The name of the one profile that there is with the setting `simulator`. */
export const simulatorProfile = 'simulator';

/** Profiles by name. Without a prototype, so that nothing but a profile is found by its name. */
export const byName = <T>(profiles: [string, T][]): Record<string, T> =>
  Object.assign(Object.create(null) as Record<string, T>, Object.fromEntries(profiles));
