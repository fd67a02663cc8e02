import type { SessionState, StreamType } from '@sluice/model';

/** The tables as the newest migration leaves them. Instants are milliseconds since 1970. */
export interface Tables {
  gateways: {
    gateway_id: string;
    type: string;
    /** JSON object of strings: what is no secret. */
    communication: string;
    /** The key that `secrets` is sealed with; null where there are none. */
    secrets_key: string | null;
    /** A JSON object of strings, sealed. */
    secrets: string | null;
    /** JSON; null where an operator registered it. */
    evidence: string | null;
    /** The gateway that it is itself behind. */
    behind: string | null;
    /** JSON: the id of the home that it is a way into, and prefixes, "203.0.113.7/32". */
    home: string | null;
  };
  appliances: {
    appliance_id: string;
    gateway_id: string;
    /** The home with several ways in that it is in. */
    home_id: string | null;
    /** JSON; null where an operator registered it, or a contact. */
    evidence: string | null;
  };
  portals: {
    portal_id: string;
    /** JSON array of prefixes, "203.0.113.0/24". */
    remotes: string;
  };
  operators: {
    name: string;
    role: string;
    password_hash: string;
    changed_at: number;
  };
  own_secrets: {
    name: string;
    secrets_key: string;
    /** Sealed. */
    secret: string;
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
  /** Sessions that cross other gateways than their appliance's own: a row for each such gateway. */
  further_hops: {
    gateway_id: string;
    session_id: string;
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
