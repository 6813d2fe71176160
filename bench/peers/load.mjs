// Load from one process: takes a plan on standard input, gives its figures as JSON.
// Each request takes the next body, whichever connection sends it, so none is sent twice unless
// the list is used up.

import autocannon from "autocannon";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { url, token, bodies, connections, amount } = JSON.parse(text);
let next = 0;
const result = await autocannon({
  url,
  connections,
  amount,
  method: "POST",
  headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  requests: [{ setupRequest: (request) => ({ ...request, body: bodies[next++ % bodies.length] }) }],
});
console.log(
  JSON.stringify({
    answered: result["2xx"],
    failed: result.non2xx + result.errors,
    perSecond: result["2xx"] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  }),
);
