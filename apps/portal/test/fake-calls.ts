import assert from 'node:assert/strict';
import type { Answer, CallBody, CallProposal, SessionView } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import type { CallOpener } from '../parts.ts';
import type { FakeConfigurationServer, Hold } from './fake-parts.ts';

/** Opens every call, as two homes with our gateway would. */
export class FakeCalls implements CallOpener {
  readonly calls: CallBody[] = [];
  proposals = 0;
  way: 'direct' | 'gateways' = 'gateways';
  refusal: Refusal | undefined;
  holdOpen: Hold | undefined;
  /** Answers that are lost, though the call was opened. */
  lostAnswers = 0;
  readonly #configuration: FakeConfigurationServer;

  constructor(configuration: FakeConfigurationServer) {
    this.#configuration = configuration;
  }

  async proposeCall(): Promise<Answer<CallProposal>> {
    if (this.way === 'direct') return { kind: 'granted', value: { way: 'direct' } };
    const addresses = { caller: '203.0.113.1', callee: '203.0.113.2' };
    const at = (port: number) => ({ audio: port, 'audio-rtcp': port + 1 });
    const ports = { caller: at(20_000 + 10 * this.proposals), callee: at(30_000 + 10 * this.proposals) };
    this.proposals++;
    return { kind: 'granted', value: { way: 'gateways', addresses, ports } };
  }

  async openCall(call: CallBody): Promise<Answer<SessionView>> {
    this.calls.push(call);
    await this.holdOpen?.until;
    if (this.refusal) return { kind: 'refused', refusal: this.refusal };
    const { sessions, until, said } = this.#configuration;
    const known = [...sessions.values()].find(({ requestId }) => requestId === call.requestId);
    if (known) return { kind: 'granted', value: known };
    const sessionId = sessions.size === 0 ? 'c' : `c${sessions.size + 1}`;
    if (sessions.size > 0) said.push(`open ${sessionId}`);
    const { caller, callee } = call;
    const ends = [caller, callee].map(({ flow }, side) => ({ address: flow.observed.address, port: 20_000 + side }));
    const opening = (hop: number, local: number) => ({
      ...{ id: `c-${hop}`, streamId: 'audio', streamType: 'rtp', hop },
      remote: ends[1 - hop] ?? assert.fail(),
      global: ends[hop] ?? assert.fail(),
      local: { address: '192.168.1.2', port: local },
    });
    const session: SessionView = {
      ...{ sessionId, requestId: call.requestId, applianceId: caller.applianceId, contentId: call.contentId },
      ...{
        portalId: 'self::portal-1',
        gatewayId: 'g1',
        state: 'open',
        createdAt: 0,
        until,
        endsAt: until,
        timeline: [],
      },
      hops: [{ gatewayId: 'g1' }, { gatewayId: 'g2', side: 'peer' }],
      peer: { applianceId: callee.applianceId },
      openings: [opening(0, 4000), opening(1, 6000)],
    };
    sessions.set(sessionId, session);
    if (this.lostAnswers-- > 0) return { kind: 'refused', refusal: refuse('timeout', 'lost') };
    return { kind: 'granted', value: session };
  }
}
