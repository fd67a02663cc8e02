/** What goes wrong with one request that changes something. */
export type Mishap =
  /** It is not done, and not answered. */
  | { readonly kind: 'lose-request' }
  /** It is done, and not answered. */
  | { readonly kind: 'lose-answer' }
  /** It is done, and answered when told to. */
  | { readonly kind: 'late'; readonly until: Promise<void> }
  /** It is done, and the answer comes twice. */
  | { readonly kind: 'twice' }
  /** It is done, and what comes is this. */
  | { readonly kind: 'body'; readonly body: string; readonly status?: number }
  /** It is not done, and called done. */
  | { readonly kind: 'nothing' }
  /** It is not done, and refused. */
  | { readonly kind: 'refuse'; readonly code: number }
  /** It is done, and the power goes: nothing is left, nothing is answered. */
  | { readonly kind: 'power' }
  /** It is not done, and sent elsewhere. */
  | { readonly kind: 'redirect'; readonly location: string };

/** Bodies of devices that went wrong. */
export const badBodies = {
  malformed: '<?xml version="1.0"?><s:Envelope xmlns:s="s"><s:Body><u:AddPort',
  bomb: `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "${'lol'.repeat(20)}"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;&c;&c;</x>`,
  megabyte: `<a>${'x'.repeat(1_048_576)}</a>`,
  otherAnswer:
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:GetExternalIPAddressResponse xmlns:u="u"><NewExternalIPAddress>203.0.113.1</NewExternalIPAddress></u:GetExternalIPAddressResponse></s:Body></s:Envelope>',
  html: '<html><head><title>Router</title></head><body><form>Please log in</form></body></html>',
};
