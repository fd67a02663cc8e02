/** Floods ports, as a process: `node flooder-main.ts ORDERS`, where it stands. Ends when told to, with its counts. */
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { FloodOrders, FloodTarget } from './orders.ts';

const orders = JSON.parse(process.argv[2] ?? '{}') as FloodOrders;
const tickMs = 20;
const noise = Buffer.from('GET /\u0000\u0001\u0002 is no handshake and no request either\r\n\r\n');
let turn = 0;

/** What a client says first. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(bytes: Buffer, _, done) {
        // The memory is written over after this.
        resolve(Buffer.from(bytes));
        done();
      },
    });
    connectTls({ socket: wire, minVersion: 'TLSv1.3' }).on('error', () => {});
  });
}

function reach({ address, port }: FloodTarget): Socket {
  turn++;
  const source = orders.sources?.[turn % orders.sources.length];
  const from = source === undefined || address.includes(':') ? {} : { localAddress: source };
  return connectTcp({ host: address, port, ...from })
    .on('error', () => {})
    .resume();
}

const hello = await clientHello();
const counts = orders.targets.map(({ name }) => ({ name, silent: 0, bad: 0, answered: 0, slow: 0 }));

function beSilent(at: number, target: FloodTarget): void {
  reach(target).once('connect', () => {
    const count = counts[at];
    if (count) count.silent++;
  });
}

function beBad(at: number, target: FloodTarget): void {
  const socket = reach(target);
  const kind = turn % 3;
  socket.once('connect', () => {
    const count = counts[at];
    if (!count) return;
    count.bad++;
    // A ServerHello; what is refused is answered with an alert, type 21.
    socket.once('data', ([first]) => {
      if (first === 22) count.answered++;
    });
    if (kind === 0 || target.plain) socket.write(noise);
    else socket.write(hello);
    if (kind === 1) setTimeout(() => socket.write(noise), 30);
  });
  setTimeout(() => socket.destroy(), 1_000);
}

function beSlow(at: number, target: FloodTarget): void {
  const socket = reach(target);
  const stream = target.plain ? socket : connectTls({ socket, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
  stream.on('error', () => {}).resume();
  stream.write('GET / HTTP/1.1\r\nhost: x\r\n');
  const dripping = setInterval(() => stream.write('x: y\r\n'), 500);
  socket.once('connect', () => {
    const count = counts[at];
    if (count) count.slow++;
  });
  socket.once('close', () => {
    clearInterval(dripping);
    setTimeout(() => beSlow(at, target), 2_000);
  });
}

/** Acts so often a second on each target, spread over it. */
function repeat(perSecond: number, act: (at: number, target: FloodTarget) => void): void {
  let owed = 0;
  setInterval(() => {
    owed += (perSecond * tickMs) / 1_000;
    for (; owed >= 1; owed--) for (const [at, target] of orders.targets.entries()) act(at, target);
  }, tickMs);
}

for (let opened = 0; opened < orders.silent; opened++) {
  for (const [at, target] of orders.targets.entries()) beSilent(at, target);
  // What is under way at once is what a kernel's queue takes.
  if (opened % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 5));
}
for (const [at, target] of orders.targets.entries()) for (let n = 0; n < orders.slow; n++) beSlow(at, target);
repeat(orders.silentPerSecond, beSilent);
repeat(orders.badPerSecond, beBad);
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ counts })}\n`, () => process.exit());
});
process.stdout.write(`${JSON.stringify({ ready: 'flooder' })}\n`);
