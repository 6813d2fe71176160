// Apollo Server on Node's own HTTP server, by its interface for integrations.

import { createServer } from "node:http";

import { ApolloServer, HeaderMap } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { compileQuery, isCompiledQuery } from "graphql-jit";

import { compilerOptions, contextOf, host, port, ready, schema } from "./common.mjs";

const compiled = new WeakMap(); // by document, which Apollo's own store keeps the same

// Answers in place of Apollo's executor; `gateway` would do too, but builds a context of its own.
const jit = {
  async requestDidStart() {
    return {
      async responseForOperation({ document, operationName, request, contextValue }) {
        let query = compiled.get(document);
        if (query === undefined) {
          query = compileQuery(schema, document, operationName ?? undefined, compilerOptions);
          compiled.set(document, query);
        }
        const singleResult = isCompiledQuery(query)
          ? await query.query(undefined, contextValue, request.variables ?? {})
          : query;
        return { http: { headers: new HeaderMap() }, body: { kind: "single", singleResult } };
      },
    };
  },
};

const apollo = new ApolloServer({
  schema,
  introspection: false,
  csrfPrevention: false,
  persistedQueries: false,
  includeStacktraceInErrorResponses: false,
  stopOnTerminationSignals: false,
  stringifyResult: JSON.stringify,
  plugins: [
    jit,
    ApolloServerPluginCacheControlDisabled(),
    ApolloServerPluginInlineTraceDisabled(),
    ApolloServerPluginLandingPageDisabled(),
    ApolloServerPluginSchemaReportingDisabled(),
    ApolloServerPluginUsageReportingDisabled(),
  ],
});
await apollo.start();

createServer((request, response) => {
  if (request.url === "/healthz") return response.end("ok");
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => answer(request, Buffer.concat(parts), response));
}).listen(port, host, () => ready("Apollo Server"));

async function answer(request, bytes, response) {
  let body;
  try {
    body = JSON.parse(bytes);
  } catch {
    response.writeHead(400).end();
    return;
  }
  const headers = new HeaderMap();
  for (const name in request.headers) headers.set(name, request.headers[name]);
  const told = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: request.method, headers, search: "", body },
    context: () => contextOf(request.headers.authorization),
  });
  const text = told.body.string; // nothing here is deferred
  for (const [name, value] of told.headers) response.setHeader(name, value);
  response.statusCode = told.status ?? 200;
  response.end(text);
}
