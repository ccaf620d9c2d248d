package dev.trunkline.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.trunkline.v1.LLMServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Optional;

/** A connection to a Trunkline server: the channel, the caller's key and the error details. */
public final class Trunkline implements AutoCloseable {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final ManagedChannel channel;
  private final LLMServiceGrpc.LLMServiceBlockingStub llm;

  private Trunkline(String target, String key) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + key);
    channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
    llm = LLMServiceGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /**
   * Prepares a connection without TLS to {@code target} (host:port), which sends {@code key} with every call. It
   * connects on the first call.
   */
  public static Trunkline connect(String target, String key) {
    return new Trunkline(target, key);
  }

  /** The methods of LLMService for one call, which has this long. They throw StatusRuntimeException. */
  public LLMServiceGrpc.LLMServiceBlockingStub llm(Duration deadline) {
    return llm.withDeadlineAfter(deadline);
  }

  /** Ends the connection and every call on it. */
  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** Domain, reason and metadata of an error; empty when Trunkline did not make it, for example no connection. */
  public static Optional<ErrorInfo> errorInfo(Throwable error) {
    return detail(error, ErrorInfo.class);
  }

  /** The first detail of this kind that the server sent with the error. */
  public static <T extends Message> Optional<T> detail(Throwable error, Class<T> kind) {
    Status status = StatusProto.fromThrowable(error);
    if (status == null) {
      return Optional.empty();
    }
    for (Any packed : status.getDetailsList()) {
      if (packed.is(kind)) {
        try {
          return Optional.of(packed.unpack(kind));
        } catch (InvalidProtocolBufferException broken) {
          throw new IllegalArgumentException("broken error details", broken);
        }
      }
    }
    return Optional.empty();
  }
}
