import { Unreachable, Untrusted } from '@sluice/driver';
import type { SshPort } from '@sluice/drivers/ssh-nft';
import { connectSsh, SshUnreachable, SshUntrusted } from '@sluice/io';

/** SSH in the words of drivers. */
export const sshPort: SshPort = {
  async connect(target, signal) {
    const connection = await connectSsh(target, signal).catch(inDriverWords);
    return {
      get closed() {
        return connection.closed;
      },
      ended: connection.ended,
      run: (command, input, until) => connection.run(command, input, until).catch(inDriverWords),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  },
};

function inDriverWords(error: unknown): never {
  if (error instanceof SshUntrusted) throw new Untrusted(error.message);
  if (error instanceof SshUnreachable) throw new Unreachable(error.message);
  throw error;
}
