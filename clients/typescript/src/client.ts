/** Connects Node programs to a Trunkline server: the transport, the caller's key and the error details. */

import { type Client, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { type ErrorInfo, ErrorInfoSchema } from "@trunkline/proto/google/rpc/error_details";
import { LLMService } from "@trunkline/proto/v1";

/** A connection with the clients of its services. */
export interface Trunkline {
  /** The methods of LLMService. They reject with a ConnectError; see `errorInfo`. */
  readonly llm: Client<typeof LLMService>;
  /** Ends the connection and every call on it. */
  close(): void;
}

/** Prepares a connection without TLS to `target` (host:port), which sends `key` with every call. Close it. */
export function connect(target: string, key: string): Trunkline {
  const baseUrl = `http://${target}`;
  // Our own, because a transport alone cannot be closed: a call cancelled late may keep the process from ending.
  const sessionManager = new Http2SessionManager(baseUrl);
  const bearer: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl, sessionManager, interceptors: [bearer] });
  return { llm: createClient(LLMService, transport), close: () => sessionManager.abort() };
}

/** Domain, reason and metadata of an error; undefined when Trunkline did not make it, for example no connection. */
export function errorInfo(error: unknown): ErrorInfo | undefined {
  return ConnectError.from(error).findDetails(ErrorInfoSchema)[0];
}
