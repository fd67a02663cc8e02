/** Runs one command inside a new world: `node lab/bin/world.ts node --test packages/kernel/x.lab.test.ts`. */
import { enterWorld } from '../world.ts';

const command = process.argv.slice(2);
const child = enterWorld(command.length > 0 ? command : ['bash'], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
