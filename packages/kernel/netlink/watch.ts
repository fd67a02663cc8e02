import { errno, NetlinkFailure } from './errno.ts';
import { Inbox } from './inbox.ts';
import { close, fcntl, lastErrno, setsockopt } from './libc.ts';
import { decodeAnswers } from './message.ts';
import { openNetfilter } from './socket.ts';

const level = { netlink: 270 } as const;
const addMembership = 1;
/** Tells of every change of an nftables ruleset (linux/netfilter/nfnetlink.h). */
const rulesetGroup = 7;
// linux/fcntl.h
const command = { setFlags: 4, setOwner: 8 } as const;
const flags = { nonBlocking: 0o4000, asynchronous: 0o20000 } as const;
/** Of tables, chains and rules, made or gone (linux/netfilter/nf_tables.h); elements of sets come and go all the time. */
const telling: ReadonlySet<number> = new Set([0, 2, 3, 5, 6, 8]);

/**
 * Calls back, in a turn of its own, after tables, chains or rules of this network namespace changed, whoever changed
 * them; several changes may be told at once. Node has no door to wait at for such a socket, so the kernel sends SIGIO.
 * Throws NetlinkFailure.
 */
export function watchRules(onChange: () => void): Disposable {
  const fd = openNetfilter();
  const inbox = new Inbox();
  const look = (): void => {
    if (hasTelling(fd, inbox)) onChange();
  };
  const fail = (call: string): never => {
    const failure = new NetlinkFailure(call, lastErrno());
    close(fd);
    throw failure;
  };
  const group = Buffer.alloc(4);
  group.writeUInt32LE(rulesetGroup);
  if (setsockopt(fd, level.netlink, addMembership, group, group.length) < 0) fail('membership');
  // Before the kernel may send it: unheard, the signal ends the process.
  process.on('SIGIO', look);
  if (fcntl(fd, command.setOwner, 'int', process.pid) < 0) fail('owner');
  if (fcntl(fd, command.setFlags, 'int', flags.nonBlocking | flags.asynchronous) < 0) fail('flags');
  return {
    [Symbol.dispose]() {
      close(fd);
      process.off('SIGIO', look);
    },
  };
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
