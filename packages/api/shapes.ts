import { isPort, parseIpAddress, parsePrefix, type StreamType, streamTypes } from '@sluice/model';
import { z } from 'zod';

/** An IP address, made canonical. */
export const ipAddress = z
  .string()
  .max(45)
  .transform((text, context) => {
    const address = parseIpAddress(text);
    if (address) return address;
    context.addIssue({ code: 'custom', message: 'not an IPv4 or IPv6 address' });
    return z.NEVER;
  })
  .meta({ description: 'IPv4 or IPv6 address' });

/** An address, or a network of addresses: "203.0.113.10", "2001:db8::/64". */
export const prefix = z
  .string()
  .max(49)
  .refine((text) => parsePrefix(text) !== undefined, 'not an address, nor a prefix such as 203.0.113.0/24');

/** A port, 1..65535. */
export const port = z
  .number()
  .int()
  .refine(isPort, 'a port is a whole number from 1 to 65535')
  .meta({ minimum: 1, maximum: 65535 });

/** An address and a port. */
export const endpoint = z.object({ address: ipAddress, port });

/** A port of a stream, 0 for a stream of ESP, which has none. */
const streamPort = z.number().int().min(0).max(65535);

/** Ids that callers choose. */
export const identifier = z.string().regex(/^[A-Za-z0-9_.:%-]{1,128}$/, 'an id is 1 to 128 of A-Z a-z 0-9 _ . : % -');

/** {@link RequestId}: makes a retry harmless. */
export const requestId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'a request id is 1 to 64 of A-Z a-z 0-9 _ -');

/** A device's signature over its request (@sluice/consent), carried unchanged. */
export const consentToken = z.string().min(1).max(4096);

/** A content's stream as its media server describes it. */
export const contentStream = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/),
  streamType: z.enum(streamTypes),
  remote: endpoint.extend({ port: streamPort }),
  payloadType: z.number().int().min(0).max(127).optional(),
  pairedWith: z.string().max(32).optional(),
});

/** A stream with the appliance's port. */
export const requestedStream = contentStream.extend({ localPort: streamPort });

/** A stream's ports: none for ESP, else 1..65535. */
export function checkPorts(
  { streamType, ...stream }: { streamType: StreamType; remote?: { port: number }; localPort?: number | undefined },
  context: z.RefinementCtx,
): void {
  const none = streamType === 'esp';
  const message = none ? 'ESP has no ports: they are 0' : 'a port is a whole number from 1 to 65535';
  const wrong = (port: number | undefined) => port !== undefined && isPort(port) === none;
  if (wrong(stream.remote?.port)) context.addIssue({ code: 'custom', message, path: ['remote', 'port'] });
  if (wrong(stream.localPort)) context.addIssue({ code: 'custom', message, path: ['localPort'] });
}

/** Whether another program than the one that asks receives (`ContentRequest.receiver`). */
export const receiver = z.literal('program').optional();

/** Most streams in one request. */
export const mostStreams = 16;
