import type { RefusalCode } from '@sluice/model';

/** What a person in front of the screen can do, by the code of the refusal. */
export const advice: Readonly<Record<RefusalCode, string>> = {
  'appliance-unknown': 'This device is not registered. Ask the service to register it for your home.',
  'content-unknown': 'It is not on any more. Choose another title.',
  'gateway-unknown': 'The service does not know your gateway. Ask it to register your gateway.',
  'portal-unknown': 'The service does not know this portal. Tell the portal.',
  'gateway-unspoken': 'The service cannot speak to your kind of gateway. Ask it what it supports.',
  'gateway-offline':
    'Your gateway is not connected to the service. See that it is switched on and online, then try again.',
  'gateway-refused': 'Your gateway said no. Its own policy may need a change.',
  'gateway-silent': 'Your gateway did not answer in time. Try again in a moment.',
  'behind-another-nat':
    'Your internet provider, or a second router, stands between your router and the internet. Ask the provider for a public address, or choose content that comes over IPv6.',
  'path-mismatch': 'The request did not come the way it said. Turn off a VPN or proxy on this device, then try again.',
  'local-address-outside-home': 'This device named an address that is not in your home. Check its network settings.',
  'local-address-needed': 'Your gateway cannot find this device by itself. Let the device name its address.',
  'target-is-gateway': 'The request named the gateway itself, which is never opened. Check this device’s address.',
  'address-not-unicast': 'The request named an address that is no single device. Check this device’s address.',
  'port-invalid': 'The request named a port that cannot be used. Try again; the device chooses another.',
  'port-denied': 'Your gateway does not open that port. Try again; the device chooses another.',
  'port-in-use': 'A port is taken already. Try again; the device chooses another.',
  'ports-exhausted': 'Your gateway has no port left. Leave something else first.',
  'quota-exceeded': 'Too much is open already. Leave something else first.',
  'lease-too-long': 'Your gateway does not open for so long. Tell the service.',
  'remote-denied': 'Your gateway does not let this server in. Its own policy may need a change.',
  'device-not-found': 'Your gateway does not see this device. See that it is in the home network.',
  'request-conflict': 'That request is over. Try again.',
  'session-unknown': 'It has ended already. Choose a title again.',
  'opening-unknown': 'What was open is closed already. Choose a title again.',
  'media-not-started': 'The server did not begin to send, and your home was closed again. Try again later.',
  'protection-missing':
    'It would not come protected on its way, and one of the two ends insists on that. Tell the service.',
  'part-unreachable': 'A part of the service cannot be reached. Try again later.',
  'cannot-hold': 'Your gateway cannot open itself as tightly as the service wants.',
  'probe-lost': 'Your gateway says it is open, but nothing comes through. Another router may stand before it.',
  'trait-missing': 'Your gateway cannot hold what this title needs.',
  paused: 'Your gateway is paused. Whoever paused it in your home can resume it.',
  'consent-missing':
    'Your gateway wants this device’s own word for it. Try again; if it stays, this device cannot give it.',
  'consent-invalid':
    'Your gateway does not know this device’s signature. Let the household look at its list of devices.',
  'consent-expired': 'That took too long, or this device’s clock is wrong. Try again.',
  'consent-replayed': 'That request was used before. Try again.',
  'consent-elsewhere': 'What was to be opened is not what this device asked for. Tell the service.',
  'enrolment-refused': 'Have the operator make another enrolment token for this device.',
  'identity-revoked': 'This device was shut out by the operator; ask there.',
  'rate-limited': 'Wait a minute, then ask again.',
  'not-permitted': 'This device’s certificate does not let it ask. Have it issued again.',
  'too-large': 'The request was too large. Tell the service.',
  malformed: 'The request was not understood. Tell the service.',
  timeout: 'It took too long. Try again in a moment.',
};
