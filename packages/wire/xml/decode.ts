/** The text of a document's bytes: by its byte order mark, else by what its declaration says, else UTF-8. */
export function decodeXml(bytes: Uint8Array): string {
  // Never fatal: a device that cuts a name in the middle of a character still says something.
  return decoders[encodingOf(bytes)].decode(bytes);
}

/** Encodings with one octet a character that devices name (XML 1.0 4.3.3); all others are read as UTF-8. */
const singleOctet = /^(?:iso-8859-1|latin1|windows-1252)$/i;

/** Whole texts only, so that nothing is kept from one to the next. */
const decoders = {
  'utf-8': new TextDecoder(),
  'utf-16be': new TextDecoder('utf-16be'),
  'utf-16le': new TextDecoder('utf-16le'),
  'windows-1252': new TextDecoder('windows-1252'),
} as const;

function encodingOf(bytes: Uint8Array): keyof typeof decoders {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  const head = decoders['windows-1252'].decode(bytes.subarray(0, 128));
  const named = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]{1,40})["']/.exec(head)?.[1];
  return named && singleOctet.test(named) ? 'windows-1252' : 'utf-8';
}
