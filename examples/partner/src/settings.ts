// What the environment says. Not here: what is done with it.

import { Fatal } from "./verdicts.js";

export interface Settings {
  /** Where the API is, by http or https. */
  url: string;
  /** `vk_…`, with the scope EVENTS_READ. */
  key: string;
  transport: "ws" | "sse";
  cursorFile: string;
}

/** Reads all settings; the first bad one ends the program with its name. */
export function settings(env: NodeJS.ProcessEnv): Settings {
  const transport = env["TRANSPORT"] || "ws";
  if (transport !== "ws" && transport !== "sse") {
    throw new Fatal(`TRANSPORT is "${transport}"; it can be ws or sse.`);
  }
  const url = required(env, "VESTIBULE_URL");
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Fatal("VESTIBULE_URL is no http or https address, as http://127.0.0.1:8080/graphql is one.");
  }
  return { url, key: required(env, "VESTIBULE_API_KEY"), transport, cursorFile: env["CURSOR_FILE"] || "cursor.txt" };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) {
    throw new Fatal(`${name} is not set.`);
  }
  return value;
}
