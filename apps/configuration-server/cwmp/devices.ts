import type { Registrations } from '@sluice/control';
import { type CwmpDevice, type DeviceDirectory, identityOf } from '@sluice/cwmp-acs';
import type { Gateway } from '@sluice/model';

const pageLength = 1_000;

/**
 * A registration as a device: `oui` and `serial` say which; `username` (the identity where left out) and `password` are
 * what it shows us, or the common name `certificate`; `connectionRequest...` is what wakes it. Undefined where it is no
 * CWMP device, or does not say which.
 */
export function deviceOf({ gatewayId, type, communication }: Gateway): CwmpDevice | undefined {
  const { oui, serial, username, password, certificate, connectionRequestUrl } = communication;
  const { connectionRequestUsername, connectionRequestPassword } = communication;
  if (type !== 'cwmp' || !oui || !serial) return undefined;
  const identity = identityOf({ oui, serialNumber: serial });
  return {
    gatewayId,
    identity,
    ...(password !== undefined && { login: { username: username ?? identity, password } }),
    ...(certificate !== undefined && { certificateName: certificate }),
    ...(connectionRequestPassword !== undefined && {
      connectionRequest: { username: connectionRequestUsername ?? identity, password: connectionRequestPassword },
    }),
    ...(connectionRequestUrl !== undefined && { connectionRequestUrl }),
  };
}

/** The registered devices, found by what they say of themselves. Secrets are read from the registration at each use. */
export class CwmpDevices implements DeviceDirectory, Disposable {
  readonly #registrations: Registrations;
  readonly #byIdentity = new Map<string, string>();
  readonly #byName = new Map<string, string>();
  readonly #known = new Map<string, { readonly identity: string; readonly name: string | undefined }>();
  readonly #stop: () => void;

  /** Hears of registrations from now on; those that there are come with {@link fill}. */
  constructor(registrations: Registrations) {
    this.#registrations = registrations;
    this.#stop = registrations.observeGateways((gatewayId, gateway) => this.#put(gatewayId, gateway));
  }

  /** Takes up every registration that there is. */
  async fill(): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.#registrations.gateways({ limit: pageLength, ...(after !== undefined && { after }) });
      for (const gateway of page) this.#put(gateway.gatewayId, gateway);
      after = page.length === pageLength ? page.at(-1)?.gatewayId : undefined;
    } while (after !== undefined);
  }

  byIdentity(identity: string): Promise<CwmpDevice | undefined> {
    return this.#find(this.#byIdentity.get(identity));
  }

  byConnectionRequestName(username: string): Promise<CwmpDevice | undefined> {
    return this.#find(this.#byName.get(username));
  }

  byGatewayId(gatewayId: string): Promise<CwmpDevice | undefined> {
    return this.#find(gatewayId);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  async #find(gatewayId: string | undefined): Promise<CwmpDevice | undefined> {
    const gateway = gatewayId === undefined ? undefined : await this.#registrations.gateway(gatewayId);
    return gateway && deviceOf(gateway);
  }

  #put(gatewayId: string, gateway: Gateway | undefined): void {
    const before = this.#known.get(gatewayId);
    if (before && this.#byIdentity.get(before.identity) === gatewayId) this.#byIdentity.delete(before.identity);
    if (before?.name !== undefined && this.#byName.get(before.name) === gatewayId) this.#byName.delete(before.name);
    this.#known.delete(gatewayId);
    const device = gateway && deviceOf(gateway);
    if (!device) return;
    const name = device.connectionRequest?.username;
    this.#known.set(gatewayId, { identity: device.identity, name });
    this.#byIdentity.set(device.identity, gatewayId);
    if (name !== undefined) this.#byName.set(name, gatewayId);
  }
}
