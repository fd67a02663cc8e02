import { errno, NetlinkFailure } from './errno.ts';
import { Inbox } from './inbox.ts';
import { addressOf, close, fcntl, lastErrno, setsockopt } from './libc.ts';
import { decodeAnswers } from './message.ts';
import { openNetfilter } from './socket.ts';

const level = { socket: 1, netlink: 270 } as const;
const option = { attachFilter: 26, addMembership: 1 } as const;
/** Tells of every change of an nftables ruleset (linux/netfilter/nfnetlink.h). */
const rulesetGroup = 7;
// linux/fcntl.h
const command = { setFlags: 4, setOwner: 8 } as const;
const flags = { nonBlocking: 0o4000, asynchronous: 0o20000 } as const;
/** Of tables, chains and rules, made or gone (linux/netfilter/nf_tables.h); elements of sets come and go all the time. */
const telling: ReadonlySet<number> = new Set([0, 2, 3, 5, 6, 8]);

/**
 * Calls back, in a turn of its own, after tables, chains or rules of this network namespace changed; several changes may
 * be told at once. What the socket of the port `own` does itself is not told, and costs nothing. Node has no door to
 * wait at for such a socket, so the kernel sends SIGIO. Throws NetlinkFailure.
 */
export function watchRules(own: number, onChange: () => void): Disposable {
  const fd = openNetfilter();
  const inbox = new Inbox();
  const look = (): void => {
    if (hasTelling(fd, inbox)) onChange();
  };
  const need = (call: string, result: number): void => {
    if (result >= 0) return;
    const failure = new NetlinkFailure(call, lastErrno());
    close(fd);
    process.off('SIGIO', look);
    throw failure;
  };
  const program = filterOf(own);
  need('filter', setsockopt(fd, level.socket, option.attachFilter, program.head, program.head.length));
  const group = Buffer.alloc(4);
  group.writeUInt32LE(rulesetGroup);
  need('membership', setsockopt(fd, level.netlink, option.addMembership, group, group.length));
  // Before the kernel may send it: unheard, the signal ends the process.
  process.on('SIGIO', look);
  need('owner', fcntl(fd, command.setOwner, 'int', process.pid));
  need('flags', fcntl(fd, command.setFlags, 'int', flags.nonBlocking | flags.asynchronous));
  return {
    [Symbol.dispose]() {
      close(fd);
      process.off('SIGIO', look);
    },
  };
}

/**
 * A socket filter (linux/filter.h, struct sock_fprog) that lets pass what another socket than `own` did: each message
 * names it, nlmsg_pid, and all of one transaction name the same. The filter reads network order, the kernel wrote the
 * host's.
 */
function filterOf(own: number): { readonly head: Buffer; readonly code: Buffer } {
  const swapped = Buffer.alloc(4);
  swapped.writeUInt32LE(own);
  const steps = [
    { code: 0x20, to: [0, 0], value: 12 }, // load the word at 12
    { code: 0x15, to: [0, 1], value: swapped.readUInt32BE() }, // ours?
    { code: 0x06, to: [0, 0], value: 0 }, // nothing of it
    { code: 0x06, to: [0, 0], value: 0xffffffff }, // all of it
  ] as const;
  const code = Buffer.concat(
    steps.map(({ code, to, value }) => {
      const step = Buffer.from([code, 0, ...to, 0, 0, 0, 0]);
      step.writeUInt32LE(value, 4);
      return step;
    }),
  );
  const head = Buffer.alloc(16);
  head.writeUInt16LE(steps.length);
  head.writeBigUInt64LE(addressOf(code), 8);
  return { head, code };
}

/** Reads all that is there. What did not fit is lost, and may have been of any kind. */
function hasTelling(fd: number, inbox: Inbox): boolean {
  let found = false;
  for (;;) {
    try {
      for (const datagram of inbox.drain(fd))
        for (const answer of decodeAnswers(datagram))
          if (answer.kind === 'message' && telling.has(answer.head.type & 0xff)) found = true;
      return found;
    } catch (problem) {
      if (!(problem instanceof NetlinkFailure) || problem.errno !== errno.noBuffers) throw problem;
      found = true;
    }
  }
}
