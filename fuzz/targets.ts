import type { Target } from './target.ts';
import { addresses } from './targets/addresses.ts';
import { applianceLink } from './targets/appliance-link.ts';
import { auditLog } from './targets/audit.ts';
import { certificate } from './targets/certificate.ts';
import { configFiles } from './targets/config-files.ts';
import { consent } from './targets/consent.ts';
import { cwmp, httpAuth, stun } from './targets/cwmp.ts';
import { dhcp } from './targets/dhcp.ts';
import { certificateRequests, enrolmentToken } from './targets/enrolment.ts';
import { gatewayAnswers } from './targets/gateway-answers.ts';
import { httpAnswers } from './targets/http-answers.ts';
import { httpBodies } from './targets/http-bodies.ts';
import { descriptions, soapAnswers, ssdp } from './targets/igd.ts';
import { kernelAnswers } from './targets/kernel.ts';
import { openingTag } from './targets/opening-tag.ts';
import { natPmp, pcp } from './targets/port-control.ts';
import { rtcp, rtp } from './targets/rtp.ts';
import { rtsp } from './targets/rtsp.ts';
import { sdp } from './targets/sdp.ts';
import { sip } from './targets/sip.ts';
import { srtp } from './targets/srtp.ts';
import { uspAgent } from './targets/usp-agent.ts';
import { uspMessage } from './targets/usp-message.ts';
import { uspPath, uspSearch } from './targets/usp-path.ts';
import { uspRecord } from './targets/usp-record.ts';
import { endpointId, uspValue } from './targets/usp-words.ts';
import { xml } from './targets/xml.ts';

/** Every parser of bytes from outside. */
export const targets: readonly Target[] = [
  uspRecord,
  uspMessage,
  uspPath,
  uspSearch,
  uspValue,
  endpointId,
  uspAgent,
  gatewayAnswers,
  addresses,
  rtp,
  rtcp,
  srtp,
  rtsp,
  sdp,
  sip,
  pcp,
  natPmp,
  kernelAnswers,
  openingTag,
  httpBodies,
  httpAnswers,
  applianceLink,
  certificate,
  certificateRequests,
  enrolmentToken,
  consent,
  configFiles,
  auditLog,
  xml,
  ssdp,
  soapAnswers,
  descriptions,
  cwmp,
  httpAuth,
  stun,
  dhcp,
];
