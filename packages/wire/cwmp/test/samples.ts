import type { CwmpEnvelope } from '../index.ts';

const namespace = 'urn:dslforum-org:cwmp-1-0';

/** One envelope of each kind, with the text that stands for it on the wire. */
export const samples: readonly { readonly envelope: CwmpEnvelope; readonly body: string }[] = [
  sample(
    { name: 'GetParameterValues', names: ['InternetGatewayDevice.DeviceInfo.', 'A.B'] },
    '<cwmp:GetParameterValues><ParameterNames soap-enc:arrayType="xsd:string[2]"><string>InternetGatewayDevice.DeviceInfo.</string><string>A.B</string></ParameterNames></cwmp:GetParameterValues>',
  ),
  sample(
    { name: 'GetParameterValuesResponse', values: [{ name: 'A.B', value: '1 < 2', type: 'unsignedInt' }] },
    '<cwmp:GetParameterValuesResponse><ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[1]"><ParameterValueStruct><Name>A.B</Name><Value xsi:type="xsd:unsignedInt">1 &lt; 2</Value></ParameterValueStruct></ParameterList></cwmp:GetParameterValuesResponse>',
  ),
  sample(
    {
      name: 'SetParameterValues',
      values: [{ name: 'Device.NAT.PortMapping.3.Enable', value: '1', type: 'boolean' }],
      parameterKey: 'key',
    },
    '<cwmp:SetParameterValues><ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[1]"><ParameterValueStruct><Name>Device.NAT.PortMapping.3.Enable</Name><Value xsi:type="xsd:boolean">1</Value></ParameterValueStruct></ParameterList><ParameterKey>key</ParameterKey></cwmp:SetParameterValues>',
  ),
  sample(
    { name: 'SetParameterValuesResponse', status: 1 },
    '<cwmp:SetParameterValuesResponse><Status>1</Status></cwmp:SetParameterValuesResponse>',
  ),
  sample(
    { name: 'GetParameterNames', path: 'InternetGatewayDevice.WANDevice.', nextLevel: true },
    '<cwmp:GetParameterNames><ParameterPath>InternetGatewayDevice.WANDevice.</ParameterPath><NextLevel>1</NextLevel></cwmp:GetParameterNames>',
  ),
  sample(
    { name: 'GetParameterNamesResponse', parameters: [{ name: 'A.1.', writable: true }] },
    '<cwmp:GetParameterNamesResponse><ParameterList soap-enc:arrayType="cwmp:ParameterInfoStruct[1]"><ParameterInfoStruct><Name>A.1.</Name><Writable>1</Writable></ParameterInfoStruct></ParameterList></cwmp:GetParameterNamesResponse>',
  ),
  sample(
    { name: 'SetParameterAttributes', attributes: [{ name: 'A.B', notification: 2 }] },
    '<cwmp:SetParameterAttributes><ParameterList soap-enc:arrayType="cwmp:SetParameterAttributesStruct[1]"><SetParameterAttributesStruct><Name>A.B</Name><NotificationChange>1</NotificationChange><Notification>2</Notification><AccessListChange>0</AccessListChange><AccessList></AccessList></SetParameterAttributesStruct></ParameterList></cwmp:SetParameterAttributes>',
  ),
  sample(
    { name: 'SetParameterAttributesResponse' },
    '<cwmp:SetParameterAttributesResponse></cwmp:SetParameterAttributesResponse>',
  ),
  sample(
    { name: 'AddObject', objectName: 'Device.NAT.PortMapping.', parameterKey: 'sluice' },
    '<cwmp:AddObject><ObjectName>Device.NAT.PortMapping.</ObjectName><ParameterKey>sluice</ParameterKey></cwmp:AddObject>',
  ),
  sample(
    { name: 'AddObjectResponse', instanceNumber: 7, status: 0 },
    '<cwmp:AddObjectResponse><InstanceNumber>7</InstanceNumber><Status>0</Status></cwmp:AddObjectResponse>',
  ),
  sample(
    { name: 'DeleteObject', objectName: 'Device.NAT.PortMapping.7.', parameterKey: '' },
    '<cwmp:DeleteObject><ObjectName>Device.NAT.PortMapping.7.</ObjectName><ParameterKey></ParameterKey></cwmp:DeleteObject>',
  ),
  sample(
    { name: 'DeleteObjectResponse', status: 0 },
    '<cwmp:DeleteObjectResponse><Status>0</Status></cwmp:DeleteObjectResponse>',
  ),
  sample({ name: 'GetRPCMethods' }, '<cwmp:GetRPCMethods></cwmp:GetRPCMethods>'),
  sample(
    { name: 'GetRPCMethodsResponse', methods: ['Inform', 'TransferComplete'] },
    '<cwmp:GetRPCMethodsResponse><MethodList soap-enc:arrayType="xsd:string[2]"><string>Inform</string><string>TransferComplete</string></MethodList></cwmp:GetRPCMethodsResponse>',
  ),
  sample({ name: 'InformResponse' }, '<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>'),
  sample(
    { name: 'Other', method: 'TransferCompleteResponse' },
    '<cwmp:TransferCompleteResponse></cwmp:TransferCompleteResponse>',
  ),
  sample(
    {
      name: 'Fault',
      code: 9003,
      message: 'Invalid arguments',
      parameters: [{ name: 'A.RemoteHost', code: 9007, message: 'only ""' }],
    },
    '<soap-env:Fault><faultcode>Client</faultcode><faultstring>CWMP fault</faultstring><detail><cwmp:Fault><FaultCode>9003</FaultCode><FaultString>Invalid arguments</FaultString><SetParameterValuesFault><ParameterName>A.RemoteHost</ParameterName><FaultCode>9007</FaultCode><FaultString>only ""</FaultString></SetParameterValuesFault></cwmp:Fault></detail></soap-env:Fault>',
  ),
  sample(
    {
      name: 'Inform',
      deviceId: { manufacturer: 'Example & Co', oui: '00D09E', productClass: 'Home', serialNumber: '0001' },
      events: [
        { code: '1 BOOT', commandKey: '' },
        { code: 'M Reboot', commandKey: 'k' },
      ],
      currentTime: '2030-01-01T00:00:00Z',
      retryCount: 2,
      parameters: [
        { name: 'InternetGatewayDevice.ManagementServer.ParameterKey', value: '', type: 'string' },
        { name: 'InternetGatewayDevice.DeviceInfo.SpecVersion', value: '1.0', type: 'string' },
      ],
    },
    '<cwmp:Inform><DeviceId><Manufacturer>Example &amp; Co</Manufacturer><OUI>00D09E</OUI><ProductClass>Home</ProductClass><SerialNumber>0001</SerialNumber></DeviceId><Event soap-enc:arrayType="cwmp:EventStruct[2]"><EventStruct><EventCode>1 BOOT</EventCode><CommandKey></CommandKey></EventStruct><EventStruct><EventCode>M Reboot</EventCode><CommandKey>k</CommandKey></EventStruct></Event><MaxEnvelopes>1</MaxEnvelopes><CurrentTime>2030-01-01T00:00:00Z</CurrentTime><RetryCount>2</RetryCount><ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[2]"><ParameterValueStruct><Name>InternetGatewayDevice.ManagementServer.ParameterKey</Name><Value xsi:type="xsd:string"></Value></ParameterValueStruct><ParameterValueStruct><Name>InternetGatewayDevice.DeviceInfo.SpecVersion</Name><Value xsi:type="xsd:string">1.0</Value></ParameterValueStruct></ParameterList></cwmp:Inform>',
  ),
];

function sample(message: CwmpEnvelope['message'], inside: string): { envelope: CwmpEnvelope; body: string } {
  const body =
    '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:cwmp-1-0">' +
    `<soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">id-1</cwmp:ID></soap-env:Header><soap-env:Body>${inside}</soap-env:Body></soap-env:Envelope>`;
  return { envelope: { namespace, id: 'id-1', message }, body };
}

/** An Inform as a device writes it that cares for no example: prefixes of its own, spread over lines, counts that are wrong. */
export const oddInform = `<?xml version="1.0" encoding="UTF-8"?>

<SOAP-ENV:Envelope
    xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:m="urn:dslforum-org:cwmp-1-2">
  <SOAP-ENV:Header>
    <m:ID SOAP-ENV:mustUnderstand="1"> 1 </m:ID>
    <m:NoMoreRequests>0</m:NoMoreRequests>
  </SOAP-ENV:Header>
  <SOAP-ENV:Body SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">
    <m:Inform>
      <DeviceId>
        <Manufacturer/>
        <OUI> 00d09e </OUI>
        <SerialNumber>
          0002
        </SerialNumber>
        <ProductClass/>
      </DeviceId>
      <Event SOAP-ENC:arrayType="m:EventStruct[0]">
        <EventStruct><EventCode>6 CONNECTION REQUEST</EventCode><CommandKey/></EventStruct>
      </Event>
      <MaxEnvelopes>1</MaxEnvelopes>
      <CurrentTime>0001-01-01T00:00:00</CurrentTime>
      <ParameterList SOAP-ENC:arrayType="m:ParameterValueStruct[99]">
        <ParameterValueStruct>
          <Value x:type="xs:string">http://192.0.2.9:7547/abc</Value>
          <Name>
            Device.ManagementServer.ConnectionRequestURL
          </Name>
        </ParameterValueStruct>
        <ParameterValueStruct><Name>Device.Odd</Name></ParameterValueStruct>
      </ParameterList>
    </m:Inform>
  </SOAP-ENV:Body>
</SOAP-ENV:Envelope>
`;

/** Answers that name no namespace of their own. */
export const bareAnswer =
  '<Envelope><Header><ID>7</ID></Header><Body><AddObjectResponse><InstanceNumber>4</InstanceNumber></AddObjectResponse></Body></Envelope>';

/** A SOAP fault that says nothing of CWMP. */
export const plainFault =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>busy</faultstring></s:Fault></s:Body></s:Envelope>';
