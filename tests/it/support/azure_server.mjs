// A server that speaks Azure's blob storage, for the tests: Azurite, on a free port and in memory, with one
// container. Says where it is, and ends with its standard input.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// Everybody's: Azurite knows no other account at the start.
const [account, key] = [
  "devstoreaccount1",
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
];
const main = fileURLToPath(new URL("../../../target/azurite/node_modules/azurite/dist/src/blob/main.js", import.meta.url));
const options = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"];
const server = spawn(process.execPath, [main, ...options], { stdio: ["ignore", "pipe", "inherit"] });

const create = async (endpoint, container) => {
  const [date, version] = [new Date().toUTCString(), "2021-08-06"];
  const signed = `PUT${"\n".repeat(12)}x-ms-date:${date}\nx-ms-version:${version}\n/${account}/${account}/${container}\nrestype:container`;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(signed, "utf8").digest("base64");
  const headers = { "x-ms-date": date, "x-ms-version": version, authorization: `SharedKey ${account}:${signature}` };
  const answer = await fetch(`${endpoint}/${container}?restype=container`, { method: "PUT", headers });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
};

createInterface({ input: server.stdout }).on("line", async (line) => {
  const address = line.match(/listens on (http:\S+)/)?.[1];
  if (!address) return;
  await create(`${address}/${account}`, process.argv[2]);
  console.log(`${address}/${account}`);
});
process.stdin.resume().on("end", () => server.kill());
server.on("exit", (code) => process.exit(code ?? 0));
