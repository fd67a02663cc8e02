import { closeSync, openSync } from 'node:fs';
import { call, setns } from './libc.ts';

const cloneNewnet = 0x40000000;

/**
 * Runs `act` with the calling thread inside a network namespace (a path, "/run/netns/NAME"), and comes back. A socket
 * stays in the namespace it was made in, and so does a process started meanwhile; so one test process can hold sockets
 * of every host. `act` must be synchronous. Throws SystemCallFailed.
 */
export function inNamespace<Result>(path: string, act: () => Result): Result {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const there = openSync(path, 'r');
    try {
      call('setns', setns(there, cloneNewnet));
    } finally {
      closeSync(there);
    }
    try {
      return act();
    } finally {
      call('setns back', setns(home, cloneNewnet));
    }
  } finally {
    closeSync(home);
  }
}
