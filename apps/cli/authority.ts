import { isRole, openAuthority, roles, writeIdentity } from '@sluice/identity';
import { Command, InvalidArgumentError, Option } from 'commander';

/** `sluice authority`: the deployment's own certificate authority. */
export function authorityCommand(): Command {
  const authority = new Command('authority').description("the deployment's certificate authority");
  authority
    .command('issue')
    .description('make a key and a certificate for one part; the authority itself is made at first use')
    .argument('<endpoint-id>', 'USP endpoint id, such as self::portal-1')
    .addOption(new Option('--role <role>', 'what the part is').choices([...roles]).makeOptionMandatory())
    .requiredOption('--authority <directory>', 'where the authority is kept (ca.pem, ca-key.pem)')
    .requiredOption('--out <directory>', "where the part's ca.pem, cert.pem and key.pem go")
    .option('--name <name...>', 'DNS names and IP addresses that the part serves under', [])
    .option('--days <days>', 'how long the certificate is good for', readDays, 30)
    .addHelpText(
      'after',
      '\nExample:\n  sluice authority issue self::portal-1 --role portal --name portal.example 203.0.113.20 --authority ./authority --out ./portal',
    )
    .action(
      async (
        endpointId: string,
        options: { role: string; authority: string; out: string; name: string[]; days: number },
      ) => {
        if (!isRole(options.role)) throw new InvalidArgumentError(`no such role: ${options.role}`);
        const issuer = await openAuthority(options.authority);
        const { role, name, days } = { ...options, role: options.role };
        await writeIdentity(options.out, await issuer.issue({ endpointId, role, names: name, days }));
        process.stdout.write(`${options.out}: ${endpointId} (${role}), good for ${days} days\n`);
      },
    );
  return authority;
}

function readDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 825) throw new InvalidArgumentError('a whole number from 1 to 825');
  return days;
}
