import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyFileOptions } from '@sluice/store';
import type { ConfigurationServerConfig } from './config.ts';

/** Its name where systemd hands it over: `LoadCredential=secrets-key:/etc/sluice/secrets-key`. */
const credential = 'secrets-key';

/** Where the keys are that secrets in the database are sealed with. */
export function secretsKey(
  { secretsKey, database }: Pick<ConfigurationServerConfig, 'secretsKey' | 'database'>,
  credentials = process.env.CREDENTIALS_DIRECTORY,
): KeyFileOptions {
  if (secretsKey !== undefined) return { file: secretsKey };
  const handedOver = credentials === undefined ? undefined : join(credentials, credential);
  if (handedOver !== undefined && existsSync(handedOver)) return { file: handedOver, made: 'elsewhere' };
  return { file: `${database}.key` };
}
