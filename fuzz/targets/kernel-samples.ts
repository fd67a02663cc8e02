import { markFlow, type Tuple } from '../../packages/kernel/conntrack/flow.ts';
import type { KernelOpening } from '../../packages/kernel/data-plane.ts';
import type { Request } from '../../packages/kernel/netlink/writer.ts';
import { NetlinkWriter } from '../../packages/kernel/netlink/writer.ts';
import { addElement } from '../../packages/kernel/nftables/element.ts';
import { elementsOf } from '../../packages/kernel/opening-elements.ts';

const mapped: KernelOpening = {
  streamType: 'rtp',
  payloadType: 96,
  remote: { address: '203.0.113.10', port: 7000 },
  global: { address: '203.0.113.1', port: 16_384 },
  local: { address: '192.168.1.2', port: 5000 },
  tag: 'a1|self::configuration-1|1||film',
};

const pinhole: KernelOpening = {
  streamType: 'tcp',
  remote: { address: '2001:db8:1::10' },
  global: { address: '2001:db8:100::2', port: 5002 },
  local: { address: '2001:db8:100::2', port: 5002 },
  tag: 'a2|self::configuration-1|2||',
};

/** Openings that the sample answers tell of. */
export const sampleOpenings: readonly KernelOpening[] = [mapped, pinhole];

const flow: Tuple = {
  transport: 'udp',
  from: { address: '192.168.1.2', port: 5000 },
  to: { address: '203.0.113.10', port: 7000 },
};
const back: Tuple = {
  transport: 'udp',
  from: { address: '203.0.113.10', port: 7000 },
  to: { address: '203.0.113.1', port: 16_384 },
};
const flow6: Tuple = {
  transport: 'tcp',
  from: { address: '2001:db8:1::10', port: 7000 },
  to: { address: '2001:db8:100::2', port: 5002 },
};

/** Attribute types that only answers carry. */
const expiration = 5;
const replyTuple = 2;
const tableUserdata = 6;

function datagram(...requests: readonly (Pick<Request, 'write'> & Partial<Request>)[]): Uint8Array {
  const writer = new NetlinkWriter();
  for (const { type = 0xa0c, family = 1, write } of requests)
    writer.message({ type, flags: 2, sequence: 7, family }, () => write(writer));
  return Uint8Array.from(writer.bytes());
}

/** A request's attributes, as an answer with the reply tuple has them: the original's again under another type. */
function trackedFlow(original: Tuple, reply: Tuple): Pick<Request, 'write'> {
  return {
    write(writer) {
      markFlow(original, 9).write(writer);
      const scratch = new NetlinkWriter();
      markFlow(reply, 9).write(scratch);
      const bytes = scratch.bytes();
      writer.attribute(replyTuple | 0x8000, bytes.subarray(4, bytes.readUInt16LE(0)));
    },
  };
}

function control(type: number, errno: number): Uint8Array {
  const bytes = Buffer.alloc(36);
  bytes.writeUInt32LE(36, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt32LE(7, 8);
  bytes.writeInt32LE(-errno, 16);
  return bytes;
}

const elements = sampleOpenings.flatMap((opening, index) =>
  elementsOf(opening, index + 1, 10_000, { packets: 12, bytes: 3400 }),
);

/** Answers as the kernel gives them. */
export const kernelSeeds: readonly Uint8Array[] = [
  ...elements.map((element) => datagram(addElement('sluice', element))),
  datagram(...elements.slice(0, 3).map((element) => addElement('sluice', element))),
  datagram(trackedFlow(flow, back), trackedFlow(flow6, flow6)),
  datagram({
    write(writer) {
      writer.text(1, 'sluice');
      writer.attribute(tableUserdata, Buffer.from([0, 6, ...Buffer.from('v1.abc')]));
    },
  }),
  datagram({
    write: (writer) =>
      writer.nested(3, () =>
        writer.nested(1, () => {
          writer.nested(1, () => writer.attribute(1, Uint8Array.of(1, 0, 0, 0)));
          writer.nested(2, () => writer.attribute(1, Uint8Array.of(0x60, 1, 0, 0)));
          writer.u64(expiration, 9_000);
        }),
      ),
  }),
  Buffer.concat([control(2, 0), control(2, 17)]),
  Buffer.concat([datagram(addElement('sluice', { set: 'live', key: Uint8Array.of(1, 0, 0, 0) })), control(3, 0)]),
];
