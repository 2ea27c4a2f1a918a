// Prints an organisation's events, one JSON object a line. What goes on besides is said on stderr.

import { Consumer } from "./consumer.js";
import { readPlace } from "./cursor.js";
import type { StaffEvent } from "./events.js";
import { settings } from "./settings.js";
import { subscribe as bySse } from "./sse.js";
import { Fatal } from "./verdicts.js";
import { subscribe as byWebSocket } from "./websocket.js";

/** What a partner does with an event. Here: writes it out. */
async function handle(event: StaffEvent): Promise<void> {
  if (event.__typename === "Resync") {
    console.error("What was missed is not kept any more: read everything anew. Events go on from here.");
    return;
  }
  const { __typename: type, id, companyId, recordId } = event;
  const line = `${JSON.stringify({ type, id, companyId, recordId })}\n`;
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(line, (error) => {
      if (error) {
        reject(new Fatal(`Events cannot be written out: ${error.message}.`));
      } else {
        resolve();
      }
    });
  });
}

async function main(): Promise<void> {
  const { url, key, transport, cursorFile } = settings(process.env);
  const subscribe = transport === "ws" ? byWebSocket : bySse;
  const stored = await readPlace(cursorFile);
  if (!stored) {
    console.error("There is no cursor yet: beginning with what happens from now on.");
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort());
  }
  // Whoever writes is told of the error; unheard here it would end the program without a sentence.
  process.stdout.on("error", () => {});
  await new Consumer((after) => subscribe(url, key, after), handle, cursorFile, stored).follow(stop.signal);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(error instanceof Fatal ? error.message : error);
  process.exit(1);
}
