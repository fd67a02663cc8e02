/** How a gateway is spoken to; one driver each. */
export type GatewayType = 'sluice' | 'usp' | 'cwmp' | 'igd' | 'pcp' | 'nat-pmp' | 'ssh-nft';
