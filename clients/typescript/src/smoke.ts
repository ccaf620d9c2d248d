/**
 * Proves the contract from TypeScript: five checks against a running server, one JSON line each. TRUNKLINE_TARGET,
 * TRUNKLINE_KEY and TRUNKLINE_MODEL say against what.
 */

import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "@trunkline/proto/google/rpc/error_details";
import { CacheMode, CachePolicySchema, CompleteRequestSchema, type StreamCompleteResponse } from "@trunkline/proto/v1";
import { connect, errorInfo, type Trunkline } from "./client.js";

const AGENT = "smoke-typescript";
const CANCEL_AFTER = 3;
const DEADLINE: CallOptions = { timeoutMs: 30_000 };
const QUESTION = "Name three colours.";
const STORY = "Tell a very long story about a lighthouse, with many chapters.";
const WRONG_KEY = "tl_aaaaaaaaaaaaaaaa_wrong";

/** What a check prints; `ok` is the verdict. */
type Facts = { ok: boolean; [fact: string]: unknown };

class Smoke {
  constructor(
    readonly trunkline: Trunkline,
    readonly target: string,
    readonly model: string,
  ) {}

  request(prompt: string, maxTokens: number) {
    return create(CompleteRequestSchema, { model: this.model, prompt, maxTokens, context: { agentId: AGENT } });
  }

  async complete(): Promise<Facts> {
    const answer = await this.trunkline.llm.complete(this.request(QUESTION, 32), DEADLINE);
    const tokens = answer.usage?.outputTokens ?? 0n;
    return {
      ok:
        Boolean(answer.completion && answer.provider && answer.modelUsed) &&
        tokens > 0n &&
        /^[0-9a-f]{32}$/.test(answer.traceId),
      completion_length: answer.completion.length,
      output_tokens: Number(tokens),
      nano_usd: Number(answer.costDetails?.nanoUsd ?? 0n),
    };
  }

  async stream(): Promise<Facts> {
    const events: StreamCompleteResponse[] = [];
    for await (const message of this.trunkline.llm.streamComplete({ request: this.request(QUESTION, 32) }, DEADLINE)) {
      events.push(message);
    }
    const deltas = events.flatMap(({ event }) => (event.case === "contentDelta" ? [event.value.delta] : []));
    const text = deltas.map((delta) => (delta.case === "text" ? delta.value : "")).join("");
    const last = events.at(-1)?.event;
    return {
      ok:
        events.every(({ sequence }, index) => sequence === BigInt(index + 1)) &&
        text !== "" &&
        last?.case === "finished" &&
        (last.value.usage?.outputTokens ?? 0n) > 0n,
      events: events.length,
      deltas: deltas.length,
    };
  }

  async cancel(): Promise<Facts> {
    const request = this.request(STORY, 512);
    request.requestId = `${AGENT}-${randomUUID()}`;
    request.cache = create(CachePolicySchema, { mode: CacheMode.OFF });
    const abort = new AbortController();
    let events = 0;
    const error = await failure(async () => {
      for await (const _ of this.trunkline.llm.streamComplete({ request }, { ...DEADLINE, signal: abort.signal })) {
        events += 1;
        if (events === CANCEL_AFTER) abort.abort();
      }
    });
    return {
      ok: error.code === Code.Canceled && events === CANCEL_AFTER,
      request_id: request.requestId,
      status: Code[error.code],
      late: events - CANCEL_AFTER,
    };
  }

  async refused(): Promise<Facts> {
    const error = await failure(() => this.trunkline.llm.complete(this.request("", -1), DEADLINE));
    const info = errorInfo(error);
    const fields = error.findDetails(BadRequestSchema).flatMap((bad) => bad.fieldViolations.map(({ field }) => field));
    return {
      ok:
        error.code === Code.InvalidArgument &&
        info?.domain === "trunkline.dev" &&
        info.reason === "INVALID_REQUEST" &&
        fields.includes("prompt") &&
        fields.includes("max_tokens"),
      status: Code[error.code],
      reason: info?.reason,
      fields,
    };
  }

  async unauthenticated(): Promise<Facts> {
    const stranger = connect(this.target, WRONG_KEY);
    const error = await failure(() => stranger.llm.complete(this.request(QUESTION, 32), DEADLINE));
    stranger.close();
    const reason = errorInfo(error)?.reason;
    return {
      ok: error.code === Code.Unauthenticated && reason === "CREDENTIAL_INVALID",
      status: Code[error.code],
      reason,
    };
  }
}

/** The error that the call must end with. */
async function failure(call: () => Promise<unknown>): Promise<ConnectError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

function setting(name: string): string {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is not set`);
  process.exit(2);
}

const CHECKS = ["complete", "stream", "cancel", "refused", "unauthenticated"] as const;
const target = setting("TRUNKLINE_TARGET");
const trunkline = connect(target, setting("TRUNKLINE_KEY"));
const smoke = new Smoke(trunkline, target, setting("TRUNKLINE_MODEL"));
let well = true;
for (const check of CHECKS) {
  const facts = await smoke[check]().catch((error: unknown): Facts => ({ ok: false, error: String(error) }));
  console.log(JSON.stringify({ check, ...facts }));
  well &&= facts.ok;
}
trunkline.close();
process.exitCode = well ? 0 : 1;
