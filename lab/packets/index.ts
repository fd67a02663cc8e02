export { inNamespace } from './namespace.ts';
export {
  decodePacket,
  encodePacket,
  type IcmpPacket,
  type Packet,
  type TcpFields,
  type TransportPacket,
  tcpFlag,
} from './packet.ts';
export { noisePayload, rtcpPayload, rtpPayload, stunPayload, type Token } from './payload.ts';
export { RawSender } from './raw-sender.ts';
export { firstInit, type SctpFields } from './sctp.ts';
export { type Sniffed, Sniffer } from './sniffer.ts';
export { tcpConnection, tcpServer } from './tcp.ts';
export { udpSocket } from './udp.ts';
