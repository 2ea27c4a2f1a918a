// The heart of it: handle an event, then store its cursor; when the connection ends, come back with
// the newest cursor.

import { setTimeout as sleep } from "node:timers/promises";

import { storePlace, type Place } from "./cursor.js";
import type { Connect, StaffEvent, Told } from "./events.js";
import { judge } from "./verdicts.js";

/** The first and the longest wait before a new connection, in milliseconds. */
const FIRST = 100;
const LONGEST = 30_000;
/** After a connection that lasted so long, in milliseconds, waits begin with the first again. */
const LASTED = 60_000;

export class Consumer {
  /** What a restart would go on from. */
  #stored: Place | undefined;
  /** The event handled last, though its cursor may not be stored. */
  #handled: string | undefined;
  #failures = 0;

  constructor(
    private readonly connect: Connect,
    private readonly handle: (event: StaffEvent) => Promise<void>,
    private readonly cursorFile: string,
    stored: Place | undefined,
  ) {
    this.#stored = stored;
    this.#handled = stored?.id;
  }

  /** Follows the events until told to stop. Throws `Fatal` when coming back cannot help. */
  async follow(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const begun = performance.now();
      const why = await this.#listen(stop);
      if (performance.now() - begun > LASTED) {
        this.#failures = 0;
      }
      const wait = backoff(this.#failures++);
      if (!stop.aborted) {
        console.error(`${why} Trying again in ${Math.ceil(wait)} ms.`);
        await sleep(wait, undefined, { signal: stop }).catch(() => {});
      }
    }
  }

  /** One connection, from its beginning to its end; why it ended. */
  async #listen(stop: AbortSignal): Promise<string> {
    const connection = this.connect(this.#stored?.cursor ?? null);
    const close = (): void => connection.close();
    stop.addEventListener("abort", close);
    try {
      for await (const told of connection.told) {
        await this.#take(told);
        this.#failures = 0;
        if (stop.aborted) {
          break;
        }
      }
      return "The subscription ended.";
    } catch (error) {
      return stop.aborted ? "Told to stop." : judge(error);
    } finally {
      stop.removeEventListener("abort", close);
      close();
    }
  }

  /** An event whose cursor could not be stored comes again, and is not handled again. */
  async #take(told: Told): Promise<void> {
    if (told.errors?.length || !told.data) {
      throw told.errors ?? new Error("a result without data");
    }
    const event = told.data.staffEvents;
    if (event.id !== this.#handled) {
      await this.handle(event);
      this.#handled = event.id;
    }
    const place = { cursor: event.cursor, id: event.id };
    await storePlace(this.cursorFile, place).catch((error: Error) => {
      throw new Error(`the cursor cannot be stored (${error.message})`);
    });
    this.#stored = place;
  }
}

/** Doubles with each failure, and varies so that not everybody comes back at the same moment. */
function backoff(failures: number): number {
  const most = Math.min(LONGEST, FIRST * 2 ** failures);
  return most / 2 + (Math.random() * most) / 2;
}
