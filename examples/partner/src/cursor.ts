// The file that says how far we are: "cursor id", where id is the event handled last.

import { open, readFile, rename } from "node:fs/promises";

import { Fatal } from "./verdicts.js";

export interface Place {
  cursor: string;
  id: string;
}

/** Where an earlier run got to; none if there was no earlier run. */
export async function readPlace(path: string): Promise<Place | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw new Fatal(`The cursor cannot be read: ${(error as Error).message}.`);
  }
  const [cursor, id, ...rest] = text.trim().split(" ");
  if (!cursor || !id || rest.length > 0) {
    throw new Fatal(`${path} is not a cursor file; move it away to begin with what happens from now on.`);
  }
  return { cursor, id };
}

/** Whatever happens meanwhile, the file holds the old place or the new one, whole. */
export async function storePlace(path: string, place: Place): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(`${place.cursor} ${place.id}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
