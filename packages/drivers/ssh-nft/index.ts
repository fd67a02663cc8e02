import { type Driver, Unreachable, Untrusted } from '@sluice/driver';
import type { Clock, Gateway } from '@sluice/model';
import type { GatewayInterfaces } from './addresses.ts';
import { putInPlace } from './place.ts';
import { planSshNft, type SshNftStep } from './plan.ts';
import type { GatewayRulesets, SshPort, SshTarget } from './port.ts';
import { askAddresses, sshNftSession } from './session.ts';
import { sshNftTraits } from './traits.ts';

export type {
  Carried,
  GatewayHook,
  GatewayPlace,
  GatewayRuleset,
  GatewayRulesets,
  RemoteResult,
  SshLink,
  SshPort,
  SshTarget,
} from './port.ts';
export { remoteCommand } from './remote-command.ts';
export { sshFirewallTraits, sshNftTraits } from './traits.ts';

/** What the driver is made of. */
export interface SshNftPorts {
  readonly ssh: SshPort;
  /** For gateways that translate IPv4, or for firewalls that do not. */
  rulesets(translates: boolean): GatewayRulesets;
  readonly clock: Clock;
  /** A connection ended that nobody here closed: the gateway may have lost what it held. */
  lost(gatewayId: string, why: string): void;
}

/** Driver for Linux gateways with sshd and nftables and nothing of ours on them. */
export function sshNftDriver({ ssh, rulesets, clock, lost }: SshNftPorts): Driver<SshNftStep> {
  return {
    type: 'ssh-nft',
    traits: sshNftTraits,
    plan: (change, _observed, now) => planSshNft(change, now),
    // Connecting closes a gateway that has no packet filter of ours: too much for a question.
    async greet(gateway, signal) {
      const { target, interfaces } = registered(gateway);
      await using link = await ssh.connect(target, signal);
      return askAddresses(link, gateway.gatewayId, interfaces, signal);
    },
    async connect(gateway, signal) {
      const { target, interfaces, translates } = registered(gateway);
      const link = await ssh.connect(target, signal);
      const place = await putInPlace(link, rulesets(translates), interfaces, signal).catch(async (error) => {
        await link[Symbol.asyncDispose]();
        throw error;
      });
      let left = false;
      void link.ended.then(() => {
        if (!left) lost(gateway.gatewayId, 'its SSH connection ended');
      });
      const session = sshNftSession({ gateway, link, place, interfaces, clock });
      return {
        ...session,
        async [Symbol.asyncDispose]() {
          left = true;
          await session[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** Throws `Untrusted` without a host key: nothing is ever told to a machine that cannot be known. */
function registered({ gatewayId, communication }: Gateway): {
  target: SshTarget;
  interfaces: GatewayInterfaces;
  translates: boolean;
} {
  const { host, port = '22', username = 'root', privateKey, hostKey, wan, lan } = communication;
  const lacks = Object.entries({ host, privateKey, wan, lan }).flatMap(([name, value]) => (value ? [] : [name]));
  if (!host || !privateKey || !wan || !lan)
    throw new Unreachable(`${gatewayId} is registered without ${lacks.join(', ')}`);
  if (!hostKey) throw new Untrusted(`${gatewayId} is registered without hostKey (ssh-keygen -lf tells it)`);
  const names = (text: string) => text.split(',').map((name) => name.trim());
  return {
    target: { host, port: Number(port), username, privateKey, hostKey },
    // Whoever closes a gateway from afar must be able to come back.
    translates: communication.translates !== 'false',
    interfaces: { wan: names(wan), lan: names(lan), listening: [Number(port)] },
  };
}
