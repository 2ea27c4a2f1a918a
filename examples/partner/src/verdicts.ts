// What an end of a connection means: try again, or give up. Not here: when to try again.

import { NetworkError } from "graphql-sse";

import type { Refusal } from "./events.js";

/** Nothing that trying again would help. Its message is one sentence for whoever runs this. */
export class Fatal extends Error {}

const KEY = "The API key opens nothing: it is unknown, revoked or over.";
const SCOPE = "The API key lacks the scope EVENTS_READ.";
/** Codes of errors that pass. */
const PASSING: unknown[] = ["INTERNAL", "RATE_LIMITED"];
/** Codes of closed WebSockets that say that we do not speak the protocol as the service does. */
const DEFECTS = [4400, 4401, 4406, 4409, 4429];
/** HTTP statuses of requests that will never do. */
const NEVER = [400, 405, 406, 413, 415];

/** Why the connection ended, in words, where a new one may do better. Throws `Fatal` where none will. */
export function judge(error: unknown): string {
  if (error instanceof Fatal) {
    throw error;
  }
  if (Array.isArray(error)) {
    return refused(error);
  }
  if (error instanceof NetworkError && error.response) {
    return answered((error.response as Response).status);
  }
  if (isClosed(error)) {
    return closed(error.code, error.reason);
  }
  const message = (error as { message?: unknown } | null)?.message;
  return `Interrupted: ${message || "no connection"}.`;
}

function refused(errors: readonly Refusal[]): string {
  const [first] = errors;
  const code = first?.extensions?.code;
  if (code === "UNAUTHENTICATED") {
    throw new Fatal(KEY);
  }
  if (code === "FORBIDDEN") {
    throw new Fatal(SCOPE);
  }
  if (!PASSING.includes(code)) {
    throw new Fatal(`The service refuses the subscription (${code}): ${first?.message}`);
  }
  return `${first?.message}`;
}

function closed(code: number, reason: string): string {
  if (code === 4403) {
    throw new Fatal(KEY);
  }
  if (DEFECTS.includes(code)) {
    throw new Fatal(`The service and this program do not understand each other (${code}): ${reason}`);
  }
  return `The WebSocket was closed (${`${code} ${reason}`.trimEnd()}).`;
}

function answered(status: number): string {
  if (status === 401 || status === 403) {
    throw new Fatal(KEY);
  }
  if (NEVER.includes(status)) {
    throw new Fatal(`The service and this program do not understand each other (HTTP ${status}).`);
  }
  return `The service answered HTTP ${status}.`;
}

function isClosed(error: unknown): error is { code: number; reason: string } {
  return typeof error === "object" && error !== null && "reason" in error && "code" in error && typeof error.code === "number";
}
