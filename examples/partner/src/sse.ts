// Subscribing by server-sent events, one connection for the one subscription.

import { createClient } from "graphql-sse";

import { SUBSCRIPTION, type Connection, type Data } from "./events.js";

/** A stream that is silent for so long is dead, in milliseconds. The service sends a comment every twelve seconds. */
const SILENCE = 30_000;

export function subscribe(url: string, key: string, after: string | null): Connection {
  const client = createClient({
    url,
    headers: { authorization: `Bearer ${key}` },
    fetchFn: attentively,
    // It would subscribe with the cursor of back then. The consumer does, with the newest.
    retryAttempts: 0,
  });
  const told = client.iterate<Data>({ query: SUBSCRIPTION, variables: { after } });
  return { told, close: () => client.dispose() };
}

/** `fetch` that gives up on a silent stream. graphql-sse does not show comments, so every byte counts as life. */
async function attentively(url: string, request: RequestInit): Promise<Response> {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(new Error("nothing came any more")), SILENCE);
  const end = (): void => {
    clearTimeout(timer);
    control.abort();
  };
  request.signal?.addEventListener("abort", end, { once: true });
  const answer = await fetch(url, { ...request, signal: control.signal }).catch((error: Error) => {
    // "fetch failed" says nothing; its cause does.
    throw error.cause ?? error;
  });
  if (!answer.ok || !answer.body) {
    return answer;
  }
  const heard = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, stream) => {
      timer.refresh();
      stream.enqueue(chunk);
    },
  });
  return new Response(answer.body.pipeThrough(heard), { status: answer.status, headers: answer.headers });
}
