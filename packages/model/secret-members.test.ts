import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hidden, hideSecrets, isSecretMember } from './index.ts';

test('what is a secret is told by type and by name', () => {
  const secret = [
    ['cwmp', 'password'],
    ['cwmp', 'connectionRequestPassword'],
    ['ssh-nft', 'privateKey'],
    ['ssh-nft', 'passphrase'],
    ['usp', 'preSharedKey'],
    ['usp', 'bearerToken'],
    ['igd', 'SECRET'],
  ] as const;
  const open = [
    ['cwmp', 'url'],
    ['cwmp', 'username'],
    ['cwmp', 'connectionRequestUsername'],
    ['ssh-nft', 'hostKey'],
    ['ssh-nft', 'publicKey'],
    ['ssh-nft', 'user'],
    ['sluice', 'portAgreement'],
    ['pcp', 'keyboard'],
  ] as const;
  for (const [type, name] of secret) assert.ok(isSecretMember(type, name), `${type} ${name}`);
  for (const [type, name] of open) assert.ok(!isSecretMember(type, name), `${type} ${name}`);
});

test('secrets are shown as set, and not as they are', () => {
  const shown = hideSecrets('cwmp', { url: 'http://192.0.2.1:7547/', username: 'acs', password: 'hunter2' });
  assert.deepEqual(shown, { url: 'http://192.0.2.1:7547/', username: 'acs', password: hidden });
});
