package dev.trunkline.client;

import com.google.gson.Gson;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.trunkline.v1.CacheMode;
import dev.trunkline.v1.CachePolicy;
import dev.trunkline.v1.CallContext;
import dev.trunkline.v1.CompleteRequest;
import dev.trunkline.v1.CompleteResponse;
import dev.trunkline.v1.StreamCompleteRequest;
import dev.trunkline.v1.StreamCompleteResponse;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Proves the contract from Java: five checks against a running server, one JSON line each. TRUNKLINE_TARGET,
 * TRUNKLINE_KEY and TRUNKLINE_MODEL say against what.
 */
public final class Smoke {
  private static final String AGENT = "smoke-java";
  private static final int CANCEL_AFTER = 3;
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final String QUESTION = "Name three colours.";
  private static final String STORY = "Tell a very long story about a lighthouse, with many chapters.";
  private static final String WRONG_KEY = "tl_aaaaaaaaaaaaaaaa_wrong";

  private final Trunkline trunkline;
  private final String target;
  private final String model;

  private Smoke(Trunkline trunkline, String target, String model) {
    this.trunkline = trunkline;
    this.target = target;
    this.model = model;
  }

  /** What a check tells: the verdict, and the facts that are printed with it. */
  private record Finding(boolean ok, Map<String, Object> facts) {}

  public static void main(String[] arguments) {
    String target = setting("TRUNKLINE_TARGET");
    boolean well;
    try (Trunkline trunkline = Trunkline.connect(target, setting("TRUNKLINE_KEY"))) {
      well = new Smoke(trunkline, target, setting("TRUNKLINE_MODEL")).run();
    }
    System.exit(well ? 0 : 1);
  }

  private boolean run() {
    Map<String, Supplier<Finding>> checks = new LinkedHashMap<>();
    checks.put("complete", this::complete);
    checks.put("stream", this::stream);
    checks.put("cancel", this::cancel);
    checks.put("refused", this::refused);
    checks.put("unauthenticated", this::unauthenticated);
    boolean well = true;
    for (Map.Entry<String, Supplier<Finding>> check : checks.entrySet()) {
      Finding finding;
      try {
        finding = check.getValue().get();
      } catch (RuntimeException error) {
        finding = new Finding(false, Map.of("error", String.valueOf(error.getMessage())));
      }
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("check", check.getKey());
      line.put("ok", finding.ok());
      line.putAll(new TreeMap<>(finding.facts()));
      System.out.println(new Gson().toJson(line));
      well &= finding.ok();
    }
    return well;
  }

  private CompleteRequest.Builder request(String prompt, int maxTokens) {
    return CompleteRequest.newBuilder()
        .setModel(model)
        .setPrompt(prompt)
        .setMaxTokens(maxTokens)
        .setContext(CallContext.newBuilder().setAgentId(AGENT));
  }

  private static StreamCompleteRequest streamed(CompleteRequest.Builder request) {
    return StreamCompleteRequest.newBuilder().setRequest(request).build();
  }

  private Finding complete() {
    CompleteResponse answer = trunkline.llm(DEADLINE).complete(request(QUESTION, 32).build());
    boolean ok = !answer.getCompletion().isEmpty()
        && !answer.getProvider().isEmpty()
        && !answer.getModelUsed().isEmpty()
        && answer.getUsage().getOutputTokens() > 0
        && answer.getTraceId().matches("[0-9a-f]{32}");
    return new Finding(ok, Map.of(
        "completion_length", answer.getCompletion().length(),
        "output_tokens", answer.getUsage().getOutputTokens(),
        "nano_usd", answer.getCostDetails().getNanoUsd()));
  }

  private Finding stream() {
    Iterator<StreamCompleteResponse> stream =
        trunkline.llm(DEADLINE).streamComplete(streamed(request(QUESTION, 32)));
    int events = 0;
    int deltas = 0;
    boolean gapless = true;
    StringBuilder text = new StringBuilder();
    StreamCompleteResponse last = StreamCompleteResponse.getDefaultInstance();
    while (stream.hasNext()) {
      last = stream.next();
      events++;
      gapless &= last.getSequence() == events;
      if (last.hasContentDelta()) {
        deltas++;
        text.append(last.getContentDelta().getText());
      }
    }
    boolean ok = gapless && !text.isEmpty() && last.getFinished().getUsage().getOutputTokens() > 0;
    return new Finding(ok, Map.of("events", events, "deltas", deltas));
  }

  private Finding cancel() {
    CompleteRequest.Builder request = request(STORY, 512)
        .setRequestId(AGENT + "-" + UUID.randomUUID())
        .setCache(CachePolicy.newBuilder().setMode(CacheMode.CACHE_MODE_OFF));
    int late = 0;
    boolean finished = false;
    Status status = Status.OK;
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      Context before = context.attach();
      try {
        Iterator<StreamCompleteResponse> stream = trunkline.llm(DEADLINE).streamComplete(streamed(request));
        for (int event = 0; event < CANCEL_AFTER; event++) {
          stream.next();
        }
        context.cancel(null);
        // The iterator hands over what had arrived before the cancellation, then its status.
        while (stream.hasNext()) {
          finished |= stream.next().hasFinished();
          late++;
        }
      } catch (StatusRuntimeException error) {
        status = error.getStatus();
      } finally {
        context.detach(before);
      }
    }
    return new Finding(status.getCode() == Status.Code.CANCELLED && !finished, Map.of(
        "request_id", request.getRequestId(), "status", status.getCode().name(), "late", late));
  }

  private Finding refused() {
    StatusRuntimeException error =
        failure(() -> trunkline.llm(DEADLINE).complete(request("", -1).build()));
    ErrorInfo info = Trunkline.errorInfo(error).orElse(ErrorInfo.getDefaultInstance());
    List<String> fields = Trunkline.detail(error, BadRequest.class)
        .orElse(BadRequest.getDefaultInstance())
        .getFieldViolationsList().stream()
        .map(BadRequest.FieldViolation::getField)
        .toList();
    boolean ok = error.getStatus().getCode() == Status.Code.INVALID_ARGUMENT
        && info.getDomain().equals("trunkline.dev")
        && info.getReason().equals("INVALID_REQUEST")
        && fields.containsAll(List.of("prompt", "max_tokens"));
    return new Finding(ok, Map.of(
        "status", error.getStatus().getCode().name(), "reason", info.getReason(), "fields", fields));
  }

  private Finding unauthenticated() {
    StatusRuntimeException error;
    try (Trunkline stranger = Trunkline.connect(target, WRONG_KEY)) {
      error = failure(() -> stranger.llm(DEADLINE).complete(request(QUESTION, 32).build()));
    }
    String reason = Trunkline.errorInfo(error).map(ErrorInfo::getReason).orElse("");
    boolean ok = error.getStatus().getCode() == Status.Code.UNAUTHENTICATED && reason.equals("CREDENTIAL_INVALID");
    return new Finding(ok, Map.of("status", error.getStatus().getCode().name(), "reason", reason));
  }

  private static StatusRuntimeException failure(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      return error;
    }
    throw new IllegalStateException("the call was not refused");
  }

  private static String setting(String name) {
    String value = System.getenv(name);
    if (value == null) {
      System.err.println(name + " is not set");
      System.exit(2);
    }
    return value;
  }
}
