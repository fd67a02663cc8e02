import { z } from 'zod';
import { homeSightings } from './discovery.ts';
import { promiseName } from './holding.ts';
import { problem } from './problem.ts';
import { endpoint, identifier, ipAddress, mostStreams, port } from './shapes.ts';

/**
 * What passes between a configuration server and an appliance that speaks to its own gateway. A portal carries it
 * unread: GET /v1/link on a portal is the way down (server-sent events), POST /v1/link/{linkId}/answers the way up.
 */

/** Longest message either way, in octets. */
export const mostLinkOctets = 64 * 1024;

/** More openings than one appliance may have. */
const most = 256;
const openingId = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/);
const prefix = z.object({ address: ipAddress, length: z.number().int().min(0).max(128) });
const instant = z.number();
const families = z.array(z.literal([4, 6])).max(2);

const opening = z.object({
  id: openingId,
  streamType: z.enum(['tcp', 'udp', 'rtp', 'rtcp', 'rtp-mux']),
  payloadType: z.number().int().min(0).max(127).optional(),
  remote: z.object({ address: ipAddress, port: port.optional() }),
  globalPort: port.optional(),
  portGroup: z.object({ name: z.string().max(32), offset: z.literal([0, 1]) }).optional(),
  local: z.object({ address: ipAddress.optional(), port }),
  until: instant,
  mayLack: z.array(promiseName).optional(),
});
const granted = opening.extend({
  globalPort: port,
  global: endpoint,
  local: endpoint,
  lacks: z.array(promiseName).optional(),
});

const sharedTraits = {
  sourceAddress: z.boolean(),
  sourcePort: z.boolean(),
  streamTypes: z.boolean(),
  lease: z.object({ leastSeconds: z.number(), mostSeconds: z.number() }).optional(),
  renewalDisturbs: z.literal(true).optional(),
  atomic: z.boolean(),
  ackMeansHeld: z.boolean(),
  listsWhatItHolds: z.boolean(),
  revokeStopsRunning: z.boolean(),
  keepsNarrowingOverRestart: z.boolean(),
  symmetricSource: z.boolean(),
  sharedGlobalPort: z.boolean(),
  portGroups: z.boolean(),
  findsDevice: z.boolean(),
  portAgreement: z.array(z.enum(['list-free', 'propose', 'pick'])).max(3),
};
const traits = z.object({ ...sharedTraits, families, ipv6: z.object(sharedTraits).partial().optional() });

/** What is asked of an appliance, one at a time. `now` is the asker's clock: its instants are meant by it. */
const question = {
  id: z.number().int().positive(),
  now: instant,
  /** Whoever asks waits so long, ms. */
  withinMs: z.number().int().min(1).max(60_000),
};
const asked = {
  ...question,
  gateway: z.object({
    gatewayId: identifier,
    type: z.string().max(32),
    communication: z.record(z.string().max(64), z.string().max(1024)),
  }),
};

/** A question to an appliance. */
export const linkQuestion = z.discriminatedUnion('ask', [
  /** What gateway do you see? Of a home whose gateway is not known. */
  z.object({ ...question, ask: z.literal('look') }),
  /**
   * Somebody in your home asks a portal for these streams over `flow`, and shows no certificate: is that a program of
   * yours, and may it?
   */
  z.object({
    ...question,
    ask: z.literal('player'),
    flow: z.object({ portal: endpoint, observed: endpoint }),
    streams: z
      .array(z.object({ transport: z.enum(['tcp', 'udp']), port, remote: endpoint }))
      .min(1)
      .max(mostStreams),
  }),
  z.object({ ...asked, ask: z.literal('addresses') }),
  z.object({ ...asked, ask: z.literal('observe'), believed: z.array(granted).max(most) }),
  /** All of it or nothing: what was begun and cannot be finished is taken back by the appliance. */
  z.object({
    ...asked,
    ask: z.literal('apply'),
    open: z.array(opening).max(mostStreams),
    renew: z.array(z.object({ opening: granted, until: instant })).max(most),
    close: z.array(granted).max(most),
  }),
  /** Which of these openings did probes of this trial come in by, and from where; answered when all were heard from `remote`, or late. */
  z.object({
    ...asked,
    ask: z.literal('probed'),
    trial: z.string().regex(/^[0-9a-f]{32}$/),
    openings: z.array(granted).max(mostStreams),
    leastMs: z.number().int().min(0).max(2_000),
    mostMs: z.number().int().min(1).max(2_000),
  }),
]);
export type LinkQuestion = z.infer<typeof linkQuestion>;

/** What comes down first: the name that answers go by. */
export const linkWelcome = z.object({ link: z.string().regex(/^[0-9a-f]{16,64}$/) });

const refusal = problem;
const outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('applied'), granted: z.array(granted).max(most), seen: z.literal(true).optional() }),
  z.object({ kind: z.literal('refused'), refusal }),
  z.object({ kind: z.literal('unknown'), reason: z.string().max(1024) }),
]);

/** An appliance's answer, by the clock of the asker. `traits`: of this very gateway, where they are known. */
export const linkAnswer = z.object({
  id: z.number().int().positive(),
  traits: traits.optional(),
  answer: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('addresses'),
      addresses: z.object({
        global: z.array(ipAddress).max(32),
        local: z.array(prefix).max(64),
        own: z.array(ipAddress).max(64),
      }),
    }),
    z.object({
      kind: z.literal('observed'),
      observed: z.object({
        at: instant,
        ours: z
          .array(
            z.object({ opening: granted, counters: z.object({ packets: z.number(), bytes: z.number() }).optional() }),
          )
          .max(most),
        unsure: z.array(granted).max(most).optional(),
        foreign: z.number().int().min(0),
      }),
    }),
    z.object({ kind: z.literal('outcome'), outcome }),
    z.object({ kind: z.literal('sightings'), sightings: homeSightings }),
    /** It is, at this address of the device; or not, or it may not. */
    z.object({ kind: z.literal('player'), local: ipAddress }),
    z.object({ kind: z.literal('no-player'), reason: z.string().max(1024) }),
    z.object({
      kind: z.literal('probed'),
      heard: z.array(z.object({ openingId, from: endpoint })).max(most),
    }),
    /** The gateway did not answer the appliance, or showed that it is not the one meant. */
    z.object({ kind: z.literal('unreachable'), reason: z.string().max(1024) }),
    z.object({ kind: z.literal('untrusted'), reason: z.string().max(1024) }),
  ]),
});
export type LinkAnswer = z.infer<typeof linkAnswer>;

/** POST /v1/link/{linkId}/doubts on a portal: the gateway told that it no longer holds what it held. */
export const linkDoubt = z.object({ why: z.string().max(256) });

/** POST /v1/appliance-links on a configuration server: an appliance has come to a portal. */
export const linkAnnouncement = z.object({
  /** The portal's stream, GET /v1/appliance-links/stream, that questions go down by. */
  stream: z.string().max(64),
  link: linkWelcome.shape.link,
  applianceId: identifier,
  /** The global address that the portal sees it at. */
  observed: ipAddress.optional(),
});

/** What comes down a portal's stream: its name first, then questions and orders, each for one link. */
export const portalStreamEvent = z.union([
  z.object({ stream: z.string().max(64) }),
  z.object({ link: z.string().max(64), question: z.unknown() }),
  z.object({ link: z.string().max(64), order: z.unknown() }),
]);

/** An order to a portal: have the media server try the openings. Answered as a question is, by `probeResults`. */
export const probeOrder = z.object({
  id: z.number().int().positive(),
  contentId: identifier,
  trial: z.string().regex(/^[0-9a-f]{32}$/),
  streams: z
    .array(z.object({ id: z.string().max(64), to: endpoint }))
    .min(1)
    .max(mostStreams),
});
export type ProbeOrder = z.infer<typeof probeOrder>;
