import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { type Driver, type GatewaySession, Unreachable, Untrusted } from '@sluice/driver';
import { connectSsh, SshUnreachable, SshUntrusted, systemClock } from '@sluice/io';
import type { Family, Gateway, GrantedOpening, Opening } from '@sluice/model';
import type { BuiltNetwork } from '../../../../lab/build.ts';
import type { Sshd } from '../../../../lab/foreign/sshd.ts';
import { type RawSender, rtpPayload, type Sniffer, tcpConnection } from '../../../../lab/packets/index.ts';
import { sshNftDriver } from '../index.ts';
import type { SshNftStep } from '../plan.ts';
import { rulesetsOf } from './ruleset.ts';

/** A home whose gateway is reached by SSH, as the tests use it. */
export interface SshHome {
  readonly driver: Driver<SshNftStep>;
  /** Its registration, with some of it changed. */
  gateway(changes?: Record<string, string>): Gateway;
  /** Carries a change out whole; what was granted. Fails the test where a step is not applied. */
  carryOut(
    session: GatewaySession<SshNftStep>,
    change: PartialChange,
    signal: AbortSignal,
  ): Promise<readonly GrantedOpening[]>;
  /** An RTP stream to the television, number n of that family. */
  wish(family: Family, n: number, seconds: number): Opening;
}

/** What of a change is not empty. */
export interface PartialChange {
  readonly open?: readonly Opening[];
  readonly renew?: readonly { readonly opening: GrantedOpening; readonly until: number }[];
  readonly close?: readonly GrantedOpening[];
}

/** A television that answers no packet with "port unreachable", which would be counted like any other. */
export const quiet = `table inet quiet { chain output { type filter hook output priority filter;
  icmp code port-unreachable drop; icmpv6 type destination-unreachable icmpv6 code port-unreachable drop; }; }`;

/** `laid` is asked when something is done, not before. */
export function sshHome(laid: () => { readonly network: BuiltNetwork; readonly sshd: Sshd }): SshHome {
  const driver = sshNftDriver({
    clock: systemClock,
    rulesets: rulesetsOf,
    lost() {},
    ssh: {
      async connect(target, signal) {
        const { network } = laid();
        const from = { address: network.address('configuration', 4), port: 0 };
        const dial = () =>
          tcpConnection(network.namespace('configuration'), from, { address: target.host, port: target.port });
        try {
          return await connectSsh({ ...target, dial }, signal);
        } catch (error) {
          if (error instanceof SshUntrusted) throw new Untrusted(error.message);
          if (error instanceof SshUnreachable) throw new Unreachable(error.message);
          throw error;
        }
      },
    },
  });

  function gateway(changes: Record<string, string> = {}): Gateway {
    const { network, sshd } = laid();
    const { privateKey, hostKey } = sshd;
    const host = network.address('gateway-1', 4, 'internet');
    return {
      gatewayId: 'linux-1',
      type: 'ssh-nft',
      communication: { host, privateKey, hostKey, wan: 'wan0', lan: 'lan0', ...changes },
    };
  }

  async function carryOut(
    session: GatewaySession<SshNftStep>,
    change: PartialChange,
    signal: AbortSignal,
  ): Promise<readonly GrantedOpening[]> {
    const whole = { gateway: gateway(), open: [], renew: [], close: [], ...change };
    const granted: GrantedOpening[] = [];
    for (const step of driver.plan(whole, undefined, Date.now()).steps) {
      const outcome = await session.apply(step, signal);
      assert.equal(outcome.kind, 'applied', JSON.stringify(outcome));
      if (outcome.kind === 'applied') granted.push(...outcome.granted);
    }
    return granted;
  }

  function wish(family: Family, n: number, seconds: number): Opening {
    const { network } = laid();
    const port = 5000 + n;
    return {
      id: `lab${family}-${n}`,
      streamType: 'rtp',
      payloadType: 96,
      remote: { address: network.address('media', family), port: 7000 + n },
      local: { address: network.address('tv-1', family), port },
      ...(family === 6 && { globalPort: port }),
      until: Date.now() + seconds * 1_000,
    };
  }

  return { driver, gateway, carryOut, wish };
}

/** How many of five RTP packets from the media server's port, or another's, get to the television. */
export async function passed(
  sender: RawSender,
  sniffer: Sniffer,
  opening: GrantedOpening,
  n: number,
  remotePort?: number,
): Promise<number> {
  const token = `ssh-${n}-${Math.random().toString(36).slice(2, 10)}`;
  for (let i = 0; i < 5; i++)
    sender.send({
      transport: 'udp',
      from: { address: opening.remote.address, port: remotePort ?? opening.remote.port ?? 0 },
      to: opening.global,
      payload: rtpPayload(token, { payloadType: 96, sequence: i }),
    });
  await setTimeout(100);
  return sniffer.count(token);
}
