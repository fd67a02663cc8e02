const isFalse = (text: string | undefined) => text === '0' || text?.toLowerCase() === 'false';

/** Names below `Device.Firewall.` that {@link chainToFill} reads. */
export const chainNames =
  /^Device\.Firewall\.(?:Enable|Config|AdvancedLevel|Level\.\d+\.Chain|Chain\.\d+\.(?:Enable|Creator))$/;

/**
 * The chain whose rules a controller may make and whose rules are in effect, "Device.Firewall.Chain.2.": enabled, none of
 * the device's own, and where the device says which level is in use, the chain of that level. Undefined where there is
 * none, or another kind of configuration is in use. `values`: what the device tells, by full name.
 */
export function chainToFill(values: ReadonlyMap<string, string>): string | undefined {
  if (isFalse(values.get('Device.Firewall.Enable'))) return undefined;
  const config = values.get('Device.Firewall.Config') || 'Advanced';
  if (config !== 'Advanced') return undefined;
  const level = withDot(values.get('Device.Firewall.AdvancedLevel'));
  const inUse = level === undefined ? undefined : withDot(values.get(`${level}Chain`));
  const chains = new Set([...values.keys()].flatMap((name) => /^Device\.Firewall\.Chain\.\d+\./.exec(name)?.[0] ?? []));
  for (const path of chains) {
    const creator = values.get(`${path}Creator`) || 'ACS';
    const isOurs = creator === 'ACS' || creator === 'Other';
    if (isOurs && !isFalse(values.get(`${path}Enable`)) && (inUse === undefined || path === inUse)) return path;
  }
  return undefined;
}

/** A reference with a dot at its end; older devices write it, newer ones do not. */
function withDot(reference: string | undefined): string | undefined {
  return reference ? `${reference.replace(/\.$/, '')}.` : undefined;
}
