import { createSocket, type Socket } from 'node:dgram';
import { type Endpoint, familyOf, type IpAddress, parseIpAddress } from '@sluice/model';

/** A question to whoever is on a link: to a group, or to one address. */
export interface LinkQuestion {
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

/** How to ask, and for how long to listen. */
export interface LinkSearch {
  /** The interface that the link is at, by name; needed for IPv6. */
  readonly interface: string;
  /** Our address there, of the family of the questions. */
  readonly from: IpAddress;
  readonly questions: readonly LinkQuestion[];
  /** Milliseconds to listen for answers. */
  readonly windowMs: number;
  /** Milliseconds after which everything is asked a second time: datagrams get lost. */
  readonly repeatMs: number;
}

/** An answer, and who sent it. */
export interface LinkAnswer {
  readonly from: IpAddress;
  readonly bytes: Uint8Array;
}

/** Answers that are kept for who does not take them yet; more are dropped. */
const mostWaiting = 256;
/** Routers between segments of a home may pass questions on, no others (UPnP Device Architecture 1.1, 1.3.2). */
const hops = 2;

/**
 * Asks, and gives the answers as they come until the window is over or nobody takes them any more. Where no socket can
 * be had there are no answers. The socket is made before the first answer is waited for, in the caller's network.
 */
export function searchLink(search: LinkSearch, signal: AbortSignal): AsyncIterable<LinkAnswer> {
  const waiting: LinkAnswer[] = [];
  let wake = () => {};
  let over = false;
  const family = familyOf(search.from);
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    lookup: addressesOnly as never,
  });
  const timers: NodeJS.Timeout[] = [];
  const end = () => {
    if (over) return;
    over = true;
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', end);
    socket.close();
    wake();
  };
  socket.on('error', end);
  socket.on('message', (bytes, { address }) => {
    const from = parseIpAddress(address.split('%')[0] ?? '');
    if (from === undefined || waiting.length >= mostWaiting) return;
    waiting.push({ from, bytes });
    wake();
  });
  if (signal.aborted) end();
  else {
    signal.addEventListener('abort', end);
    timers.push(setTimeout(end, search.windowMs));
    timers.push(setTimeout(() => ask(socket, search), search.repeatMs));
    socket.bind({ port: 0, address: search.from, exclusive: true }, () => {
      if (!over) ask(socket, search);
    });
  }
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          const answer = waiting.shift();
          if (answer) yield answer;
          else if (over) return;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        end();
      }
    },
  };
}

/** Nothing is looked up, so nothing is put off. */
function addressesOnly(address: string, _: unknown, found: (error: null, address: string, family: number) => void) {
  found(null, address, address.includes(':') ? 6 : 4);
}

function ask(socket: Socket, { from, interface: name, questions }: LinkSearch): void {
  const scope = familyOf(from) === 4 ? from : `::%${name}`;
  for (const { to, bytes } of questions) {
    try {
      socket.setMulticastInterface(scope);
      socket.setMulticastTTL(hops);
      const linkLocal = /^fe[89ab]/.test(to.address);
      // One that cannot be sent is one that nobody answers.
      socket.send(bytes, to.port, linkLocal ? `${to.address}%${name}` : to.address, () => {});
    } catch {
      // The interface is gone.
    }
  }
}
