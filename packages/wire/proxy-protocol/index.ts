export {
  mostProxyHeaderBytes,
  type ProxiedEnd,
  type ProxiedEnds,
  type ProxyHeader,
  ProxyHeaderMalformed,
  readProxyHeader,
} from './header.ts';
