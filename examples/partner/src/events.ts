// What is asked for, and what comes. Not here: how it travels; see websocket.ts and sse.ts.

export const SUBSCRIPTION = `subscription($after: String) {
  staffEvents(after: $after) { __typename cursor id occurredAt companyId recordId }
}`;

export interface StaffEvent {
  __typename: string;
  /** Where the log stands after this event. */
  cursor: string;
  id: string;
  occurredAt: string;
  companyId: string | null;
  recordId: string | null;
}

export type Data = { staffEvents: StaffEvent };

/** An error of the API. */
export interface Refusal {
  message: string;
  extensions?: { code?: unknown } | undefined;
}

/** A result, as both libraries hand it on. */
export interface Told {
  data?: Data | null | undefined;
  errors?: readonly Refusal[] | undefined;
}

/** One subscription on one connection. It is never made anew: the consumer opens the next one. */
export interface Connection {
  /** Ends or throws when the connection does. */
  told: AsyncIterable<Told>;
  close(): void;
}

/** Subscribes to what happens after a cursor, or from now on. */
export type Connect = (after: string | null) => Connection;
