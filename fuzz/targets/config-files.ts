import { screenConfig } from '../../apps/appliance/config.ts';
import { configurationServerConfig } from '../../apps/configuration-server/config.ts';
import { gatewayConfig } from '../../apps/gateway/config.ts';
import { noNetworks } from '../../apps/gateway/home/networks.ts';
import { explainPolicy } from '../../apps/gateway/policy/explain.ts';
import { policySchema } from '../../apps/gateway/policy/policy.ts';
import { judgeLocalPort, judgeRemote, judgeTarget } from '../../apps/gateway/policy/verdicts.ts';
import { mediaServerConfig } from '../../apps/media-server/config.ts';
import { portalConfig } from '../../apps/portal/config.ts';
import { jsonRepeat, jsonTree } from '../mutate/json.ts';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken } from '../target.ts';

/** Each with a word that its files have; others it refuses at once. */
const schemas = {
  gatewayConfig: { schema: gatewayConfig, word: '"interfaces"' },
  portalConfig: { schema: portalConfig, word: '"mediaServers"' },
  configurationServerConfig: { schema: configurationServerConfig, word: '"database"' },
  mediaServerConfig: { schema: mediaServerConfig, word: '"mediaDirectory"' },
  screenConfig: { schema: screenConfig, word: '"portal"' },
};

const policy = {
  controllers: [{ endpointId: 'self::configuration-1', right: 'open' }],
  portals: ['203.0.113.20'],
  localPrefixes: ['192.168.1.0/24', '2001:db8:100::/64'],
  localPorts: { allow: [554], deny: [3389] },
  remotePrefixes: ['203.0.113.0/24'],
  globalPorts: { first: 20_000, last: 30_000 },
  openings: 100,
};

/** Configuration files of every part, and the household's policy. */
export const configFiles: Target = {
  name: 'config-files',
  mostBytes: 64 << 10,
  seeds: bytesOf(
    ...[
      {
        identity: '/etc/sluice',
        endpointId: 'self::gateway-1',
        interfaces: { wan: ['wan0'], lan: ['lan0', 'lan1'] },
        controllers: [{ endpointId: 'self::configuration-1', url: 'wss://configuration.example:8445/usp' }],
        listen: { host: '::', port: 8443, path: '/usp' },
        policy,
        redial: { minimumWaitMs: 100, multiplier: 2000 },
        device: { manufacturerOui: '00256D' },
      },
      policy,
      {
        identity: '/etc/sluice',
        configurationServer: 'https://configuration.example:8444',
        mediaServers: ['https://media.example:8446'],
        limits: { startMs: 100 },
      },
      {
        identity: '/etc/sluice',
        database: '/var/lib/sluice/db',
        globalPorts: [20_000, 30_000],
        portAgreement: 'propose',
      },
      { identity: '/etc/sluice', addresses: { 4: '203.0.113.10', 6: '2001:db8:1::10' }, mediaDirectory: '/srv/media' },
      { identity: '/etc/sluice', portal: 'https://portal.example', listen: { port: 0 }, family: 4 },
    ].map((body) => JSON.stringify(body)),
  ),
  words: [
    ...['"interfaces":', '"wan":', '"lan":', '"policy":', '"globalPorts":', '"first":', '"last":', 'null', '[]', '{}'],
    ...['"wss://x"', '"https://[::1]:1"', '"https://a b"', '"/32"', '"0.0.0.0/0"', '65536', '1e309', '"__proto__":'],
  ],
  mutators: [jsonTree, jsonRepeat, tokens],
  feed(input) {
    const text = Buffer.from(input).toString('utf8');
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return refused('no JSON');
    }
    const fits: string[] = [];
    for (const [name, { schema, word }] of Object.entries(schemas)) {
      if (!text.includes(word)) continue;
      const read = schema.safeParse(json);
      if (read.success) fits.push(name);
      else promise(read.error.message.length > 0, 'what is wrong with a file is told');
    }
    const household = policySchema.safeParse(json);
    if (household.success) {
      fits.push('policy');
      promise(
        explainPolicy(household.data, ['lan0']).every((line) => line.length > 0),
        'a policy can be told in sentences',
      );
      const { first, last } = household.data.globalPorts;
      promise(first >= 1024 && first < last && last < 32_768, 'global ports stay clear of masquerade');
      promise(judgeTarget(household.data, noNetworks, '127.0.0.1') !== undefined, 'no policy opens the gateway itself');
      judgeRemote(household.data, noNetworks, '203.0.113.10');
      judgeLocalPort(household.data, 5000);
    }
    return fits.length > 0 ? taken(fits.join(' ')) : refused('fits nothing');
  },
};
