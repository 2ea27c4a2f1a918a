// Subscribing by WebSocket.

import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { SUBSCRIPTION, type Connection, type Data } from "./events.js";

/** Between the last sign of life and a ping, in milliseconds. */
const SILENCE = 10_000;
/** How long anything may take that the other side has to answer, in milliseconds. */
const PATIENCE = 10_000;

/** A WebSocket that does not wait for ever to be opened. */
class PatientSocket extends WebSocket {
  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols, { handshakeTimeout: PATIENCE });
    // graphql-ws stops listening when it gives a connection up; an error without a listener ends Node.
    this.on("error", () => {});
  }
}

export function subscribe(url: string, key: string, after: string | null): Connection {
  let unanswered: NodeJS.Timeout | undefined;
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: PatientSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    connectionAckWaitTimeout: PATIENCE,
    keepAlive: SILENCE,
    // It would subscribe with the cursor of back then. The consumer does, with the newest.
    retryAttempts: 0,
    on: {
      ping: (received) => {
        if (!received) {
          unanswered = setTimeout(() => client.terminate(), PATIENCE);
        }
      },
      pong: () => clearTimeout(unanswered),
      closed: (event) => {
        clearTimeout(unanswered);
        // After 1000 it would connect again without being allowed any retry.
        if ((event as { code?: number }).code === 1000) {
          void client.dispose();
        }
      },
    },
  });
  const told = client.iterate<Data>({ query: SUBSCRIPTION, variables: { after } });
  return { told, close: () => client.terminate() };
}
