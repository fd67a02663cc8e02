import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';

/** How much work a guess is: KiB of memory, passes over it, lanes. */
export interface HashCost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** RFC 9106 4, second recommended option: a quarter of a second and 64 MiB. */
export const strongCost: HashCost = { memory: 65_536, passes: 3, parallelism: 4 };
const saltLength = 16;
const tagLength = 32;

/** A password's Argon2id hash in the PHC string format, with a salt of its own. */
export async function hashPassword(password: string, cost = strongCost): Promise<string> {
  const salt = randomBytes(saltLength);
  return phc(cost, salt, await tagOf({ message: bytesOf(password), nonce: salt, tagLength, ...cost }));
}

/** Whether a hash is of this password. What is no hash of ours is of none. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt = '', tag = ''] =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{16,86})$/.exec(hash) ?? [];
  if (memory === undefined) return false;
  const expected = Buffer.from(tag, 'base64');
  const given = await tagOf({
    message: bytesOf(password),
    nonce: Buffer.from(salt, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  });
  return timingSafeEqual(given, expected);
}

/** A hash that no password has: who asks for an unknown name waits for as long as everyone else. */
export function nobodysHash(cost = strongCost): string {
  return phc(cost, randomBytes(saltLength), randomBytes(tagLength));
}

function tagOf(parameters: Argon2Parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag)));
  });
}

/** The same password typed on another keyboard may come composed otherwise. */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'));
}

function phc({ memory, passes, parallelism }: HashCost, salt: Uint8Array, tag: Uint8Array): string {
  const [saltText, tagText] = [salt, tag].map((bytes) => Buffer.from(bytes).toString('base64').replaceAll('=', ''));
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${saltText}$${tagText}`;
}
