import { labTools, launch } from './prepare.mjs';

const usage = `Usage: npm start -- [options]

Lays out a home, its gateway and an internet on this machine, starts the five parts of Sluice in it, and prints the
address of the appliance's screen. Ctrl-C takes everything away.

  --port N          port of the screen on 127.0.0.1 (default: 8080 or the next free one)
  --media DIR       contents from your own files instead of made ones
  --once            no screen: one session from request to closed, with its proofs; exit status 0 only if all hold
  --json            with --once: the report as JSON
  --content ID      with --once: which content (default: film)
  --family 4|6      with --once: over IPv4 or IPv6 (default: 4, where the topology has it)
  --topology NAME   with --once: how the home is attached (default: home)
  --list            the topologies, a sentence each
  --gateway TYPE    with --once: the home's gateway: sluice (default), igd, pcp, nat-pmp,
                    cwmp, usp, ssh-nft
  --help            this text

Examples:
  npm start
  npm start -- --list
  npm start -- --once --topology carrier-nat
  npm start -- --once --json --family 6 | jq .verdict
`;

await launch({ program: 'lab/start.ts', tools: labTools, usage });
