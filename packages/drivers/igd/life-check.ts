import { familyOf } from '@sluice/model';
import { getStatus, parseSsdp, statusIn } from '@sluice/wire/igd';
import { askService } from './asking.ts';
import { readOr, type WanConnection } from './connection.ts';
import type { DescribedGateway } from './describing.ts';
import { searchOf } from './finding.ts';
import type { LifeSigns } from './life.ts';
import type { GatewayMemory } from './memory.ts';
import type { Link } from './place.ts';
import type { IgdDriverPorts } from './ports.ts';

/** A device alone answers at once. */
const windowMs = 700;
const repeatMs = 250;

/** Who is asked: a gateway, and where it has one the WAN connection that counts seconds. */
export interface Living {
  readonly gateway?: DescribedGateway;
  readonly link?: Link;
  readonly connection: WanConnection | undefined;
}

/** Asks a gateway for its signs of life: the count of seconds of its connection, and where it tells one, its boot. */
export async function checkLife(
  memory: GatewayMemory,
  ports: IgdDriverPorts,
  { gateway, link, connection }: Living,
  signal: AbortSignal,
): Promise<void> {
  if (!gateway || !link) return;
  const status =
    connection && readOr(await askService(connection, getStatus(connection.type), ports, link.from, signal), statusIn);
  let boot: string | undefined;
  if (memory.tellsBoots) {
    boot = await bootOf(gateway, link, ports, signal);
    memory.askedBoot(boot !== undefined);
  }
  memory.notice(signsOf(status?.uptimeSeconds, boot, ports));
}

/** Signs of life, as an instant and a name. */
export function signsOf(
  uptimeSeconds: number | undefined,
  bootId: string | undefined,
  { clock }: Pick<IgdDriverPorts, 'clock'>,
): LifeSigns {
  return {
    ...(uptimeSeconds !== undefined && { startedAt: clock.now() - uptimeSeconds * 1_000 }),
    ...(bootId !== undefined && { bootId }),
  };
}

async function bootOf(
  gateway: DescribedGateway,
  link: Link,
  ports: IgdDriverPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { address } = gateway.place;
  const search = searchOf({ ...link, router: address }, familyOf(address), ports);
  const questions = search.questions.filter(({ to }) => to.address === address).slice(0, 1);
  for await (const { from, bytes } of ports.search({ ...search, questions, windowMs, repeatMs }, signal)) {
    const message = parseSsdp(bytes);
    // Over IPv6 a router answers from its link-local address.
    const isIt = from === address || familyOf(address) === 6;
    if (message?.kind === 'answer' && isIt && message.usn.startsWith(gateway.udn)) return message.bootId;
  }
  return undefined;
}
