/** What Debian's miniupnpd 2.3.1 said in the lab, octet for octet but for addresses of its builder. */
const envelope = (inside: string) =>
  `<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>${inside}</s:Body></s:Envelope>\r\n`;

const connection = 'urn:schemas-upnp-org:service:WANIPConnection:2';

export const searchAnswer = [
  'HTTP/1.1 200 OK',
  'CACHE-CONTROL: max-age=120',
  'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  'USN: uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c11::urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  'EXT:',
  'SERVER: Debian/6.18.44 UPnP/1.1 MiniUPnPd/2.3.1',
  'LOCATION: http://192.168.1.1:5555/rootDesc.xml',
  'OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01',
  '01-NLS: 1795834214',
  'BOOTID.UPNP.ORG: 1795834214',
  'CONFIGID.UPNP.ORG: 1337',
  '',
  '',
].join('\r\n');

export const description = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0" configId="1337"><specVersion><major>1</major><minor>1</minor></specVersion><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><friendlyName>Debian router</friendlyName><manufacturer>Debian</manufacturer><manufacturerURL>http://www.debian.org/</manufacturerURL><modelDescription>Debian router</modelDescription><modelName>Debian router</modelName><modelNumber>1</modelNumber><modelURL>http://www.debian.org/</modelURL><serialNumber>00000000</serialNumber><UDN>uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c11</UDN><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><serviceId>urn:upnp-org:serviceId:L3Forwarding1</serviceId><SCPDURL>/L3F.xml</SCPDURL><controlURL>/ctl/L3F</controlURL><eventSubURL>/evt/L3F</eventSubURL></service></serviceList><deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:2</deviceType><friendlyName>WANDevice</friendlyName><manufacturer>MiniUPnP</manufacturer><modelDescription>WAN Device</modelDescription><modelName>WAN Device</modelName><modelNumber>20221221</modelNumber><UDN>uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c12</UDN><serviceList></serviceList><deviceList><device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:2</deviceType><friendlyName>WANConnectionDevice</friendlyName><manufacturer>MiniUPnP</manufacturer><modelDescription>MiniUPnP daemon</modelDescription><modelName>MiniUPnPd</modelName><modelNumber>20221221</modelNumber><UDN>uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c13</UDN><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:2</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><SCPDURL>/WANIPCn.xml</SCPDURL><controlURL>/ctl/IPConn</controlURL><eventSubURL>/evt/IPConn</eventSubURL></service><service><serviceType>urn:schemas-upnp-org:service:WANIPv6FirewallControl:1</serviceType><serviceId>urn:upnp-org:serviceId:WANIPv6Firewall1</serviceId><SCPDURL>/WANIP6FC.xml</SCPDURL><controlURL>/ctl/IP6FCtl</controlURL><eventSubURL>/evt/IP6FCtl</eventSubURL></service></serviceList></device></deviceList></device></deviceList><presentationURL>http://192.168.1.1/</presentationURL></device></root>`;

export const conflict = envelope(
  '<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>718</errorCode><errorDescription>ConflictInMappingEntry</errorDescription></UPnPError></detail></s:Fault>',
);

const answer = (action: string, inside: string, service = connection) =>
  envelope(`<u:${action}Response xmlns:u="${service}">${inside}</u:${action}Response>`);

export const answers = {
  externalAddress: answer('GetExternalIPAddress', '<NewExternalIPAddress>203.0.114.1</NewExternalIPAddress>'),
  status: answer(
    'GetStatusInfo',
    '<NewConnectionStatus>Connected</NewConnectionStatus><NewLastConnectionError>ERROR_NONE</NewLastConnectionError><NewUptime>5</NewUptime>',
  ),
  added: envelope(`<u:AddPortMappingResponse xmlns:u="${connection}"/>`),
  addedAny: answer('AddAnyPortMapping', '<NewReservedPort>5001</NewReservedPort>'),
  specific: answer(
    'GetSpecificPortMappingEntry',
    '<NewInternalPort>5000</NewInternalPort><NewInternalClient>192.168.1.2</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>sluice s0f3a-0</NewPortMappingDescription><NewLeaseDuration>60</NewLeaseDuration>',
  ),
  generic: answer(
    'GetGenericPortMappingEntry',
    '<NewRemoteHost></NewRemoteHost><NewExternalPort>7000</NewExternalPort><NewProtocol>UDP</NewProtocol><NewInternalPort>5000</NewInternalPort><NewInternalClient>192.168.1.2</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>a:b &lt;x&gt;&amp;y</NewPortMappingDescription><NewLeaseDuration>604800</NewLeaseDuration>',
  ),
  list: answer(
    'GetListOfPortMappings',
    '<NewPortListing><![CDATA[<p:PortMappingList xmlns:p="urn:schemas-upnp-org:gw:WANIPConnection" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:schemas-upnp-org:gw:WANIPConnection http://www.upnp.org/schemas/gw/WANIPConnection-v2.xsd"><p:PortMappingEntry><p:NewRemoteHost></p:NewRemoteHost><p:NewExternalPort>7000</p:NewExternalPort><p:NewProtocol>UDP</p:NewProtocol><p:NewInternalPort>5000</p:NewInternalPort><p:NewInternalClient>192.168.1.2</p:NewInternalClient><p:NewEnabled>1</p:NewEnabled><p:NewDescription>a:b &lt;x&gt;&amp;y</p:NewDescription><p:NewLeaseTime>604800</p:NewLeaseTime></p:PortMappingEntry><p:PortMappingEntry><p:NewRemoteHost></p:NewRemoteHost><p:NewExternalPort>5001</p:NewExternalPort><p:NewProtocol>UDP</p:NewProtocol><p:NewInternalPort>5000</p:NewInternalPort><p:NewInternalClient>192.168.1.2</p:NewInternalClient><p:NewEnabled>1</p:NewEnabled><p:NewDescription>sluice s0f3a-0</p:NewDescription><p:NewLeaseTime>60</p:NewLeaseTime></p:PortMappingEntry></p:PortMappingList>]]></NewPortListing>',
  ),
  defaultConnection: answer(
    'GetDefaultConnectionService',
    '<NewDefaultConnectionService>uuid:3f8b1c9e-5f0a-4d55-9d5b-0f6f5a1d2c13:WANConnectionDevice:2,urn:upnp-org:serviceId:WANIPConn1</NewDefaultConnectionService>',
    'urn:schemas-upnp-org:service:Layer3Forwarding:1',
  ),
  pinhole: answer('AddPinhole', '<UniqueID>1</UniqueID>', 'urn:schemas-upnp-org:service:WANIPv6FirewallControl:1'),
};
