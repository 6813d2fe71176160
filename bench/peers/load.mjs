// Load from one process: each line of standard input is a plan, each line out its figures, as JSON.
// Each request takes the next body, whichever connection sends it, so none is sent twice unless
// the list is used up.

import { createInterface } from "node:readline";

import autocannon from "autocannon";

for await (const line of createInterface({ input: process.stdin })) {
  const { url, token, bodies, connections, amount } = JSON.parse(line);
  let next = 0;
  let last = 0;
  const began = performance.now();
  const run = autocannon({
    url,
    connections,
    amount,
    sampleInt: 100, // it looks no oftener whether the amount is reached
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    requests: [
      { setupRequest: (request) => ({ ...request, body: bodies[next++ % bodies.length] }) },
    ],
  });
  run.on("response", () => {
    last = performance.now();
  });
  const result = await run;
  const seconds = (last - began) / 1_000;
  const told = {
    answered: result["2xx"],
    failed: result.non2xx + result.errors,
    perSecond: result["2xx"] / seconds,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
