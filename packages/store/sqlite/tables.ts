import type { SessionState, StreamType } from '@sluice/model';

/** The tables as the newest migration leaves them. Instants are milliseconds since 1970. */
export interface Tables {
  gateways: {
    gateway_id: string;
    type: string;
    /** JSON object of strings. */
    communication: string;
  };
  appliances: {
    appliance_id: string;
    gateway_id: string;
  };
  sessions: {
    session_id: string;
    portal_id: string;
    appliance_id: string;
    request_id: string;
    gateway_id: string;
    state: SessionState;
    created_at: number;
    /** The whole ContentSession as JSON; the columns before it are what it is looked up by. */
    document: string;
  };
  enrolments: {
    endpoint_id: string;
    role: string;
    /** JSON array of strings. */
    names: string;
    secret_hash: string;
    expires_at: number;
  };
  revocations: {
    sequence: number;
    at: number;
    endpoint_id: string;
    serial_number: string | null;
  };
  /** Openings of sessions that are open or closing. */
  openings: {
    opening_id: string;
    session_id: string;
    gateway_id: string;
    stream_type: StreamType;
    global_address: string;
    global_port: number;
    local_address: string;
    local_port: number;
  };
}
