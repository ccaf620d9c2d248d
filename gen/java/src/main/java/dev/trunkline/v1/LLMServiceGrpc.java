package dev.trunkline.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * LLMService calls language models.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class LLMServiceGrpc {

  private LLMServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "trunkline.v1.LLMService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.CompleteRequest,
      dev.trunkline.v1.CompleteResponse> getCompleteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Complete",
      requestType = dev.trunkline.v1.CompleteRequest.class,
      responseType = dev.trunkline.v1.CompleteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.CompleteRequest,
      dev.trunkline.v1.CompleteResponse> getCompleteMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.CompleteRequest, dev.trunkline.v1.CompleteResponse> getCompleteMethod;
    if ((getCompleteMethod = LLMServiceGrpc.getCompleteMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getCompleteMethod = LLMServiceGrpc.getCompleteMethod) == null) {
          LLMServiceGrpc.getCompleteMethod = getCompleteMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.CompleteRequest, dev.trunkline.v1.CompleteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Complete"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CompleteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CompleteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("Complete"))
              .build();
        }
      }
    }
    return getCompleteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.StreamCompleteRequest,
      dev.trunkline.v1.StreamCompleteResponse> getStreamCompleteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamComplete",
      requestType = dev.trunkline.v1.StreamCompleteRequest.class,
      responseType = dev.trunkline.v1.StreamCompleteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.StreamCompleteRequest,
      dev.trunkline.v1.StreamCompleteResponse> getStreamCompleteMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.StreamCompleteRequest, dev.trunkline.v1.StreamCompleteResponse> getStreamCompleteMethod;
    if ((getStreamCompleteMethod = LLMServiceGrpc.getStreamCompleteMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getStreamCompleteMethod = LLMServiceGrpc.getStreamCompleteMethod) == null) {
          LLMServiceGrpc.getStreamCompleteMethod = getStreamCompleteMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.StreamCompleteRequest, dev.trunkline.v1.StreamCompleteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamComplete"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.StreamCompleteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.StreamCompleteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("StreamComplete"))
              .build();
        }
      }
    }
    return getStreamCompleteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.EmbedRequest,
      dev.trunkline.v1.EmbedResponse> getEmbedMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Embed",
      requestType = dev.trunkline.v1.EmbedRequest.class,
      responseType = dev.trunkline.v1.EmbedResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.EmbedRequest,
      dev.trunkline.v1.EmbedResponse> getEmbedMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.EmbedRequest, dev.trunkline.v1.EmbedResponse> getEmbedMethod;
    if ((getEmbedMethod = LLMServiceGrpc.getEmbedMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getEmbedMethod = LLMServiceGrpc.getEmbedMethod) == null) {
          LLMServiceGrpc.getEmbedMethod = getEmbedMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.EmbedRequest, dev.trunkline.v1.EmbedResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Embed"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.EmbedRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.EmbedResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("Embed"))
              .build();
        }
      }
    }
    return getEmbedMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.CountTokensRequest,
      dev.trunkline.v1.CountTokensResponse> getCountTokensMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CountTokens",
      requestType = dev.trunkline.v1.CountTokensRequest.class,
      responseType = dev.trunkline.v1.CountTokensResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.CountTokensRequest,
      dev.trunkline.v1.CountTokensResponse> getCountTokensMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.CountTokensRequest, dev.trunkline.v1.CountTokensResponse> getCountTokensMethod;
    if ((getCountTokensMethod = LLMServiceGrpc.getCountTokensMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getCountTokensMethod = LLMServiceGrpc.getCountTokensMethod) == null) {
          LLMServiceGrpc.getCountTokensMethod = getCountTokensMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.CountTokensRequest, dev.trunkline.v1.CountTokensResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CountTokens"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CountTokensRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CountTokensResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("CountTokens"))
              .build();
        }
      }
    }
    return getCountTokensMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ExplainRouteRequest,
      dev.trunkline.v1.ExplainRouteResponse> getExplainRouteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExplainRoute",
      requestType = dev.trunkline.v1.ExplainRouteRequest.class,
      responseType = dev.trunkline.v1.ExplainRouteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ExplainRouteRequest,
      dev.trunkline.v1.ExplainRouteResponse> getExplainRouteMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ExplainRouteRequest, dev.trunkline.v1.ExplainRouteResponse> getExplainRouteMethod;
    if ((getExplainRouteMethod = LLMServiceGrpc.getExplainRouteMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getExplainRouteMethod = LLMServiceGrpc.getExplainRouteMethod) == null) {
          LLMServiceGrpc.getExplainRouteMethod = getExplainRouteMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ExplainRouteRequest, dev.trunkline.v1.ExplainRouteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExplainRoute"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ExplainRouteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ExplainRouteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("ExplainRoute"))
              .build();
        }
      }
    }
    return getExplainRouteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListModelsRequest,
      dev.trunkline.v1.ListModelsResponse> getListModelsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListModels",
      requestType = dev.trunkline.v1.ListModelsRequest.class,
      responseType = dev.trunkline.v1.ListModelsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListModelsRequest,
      dev.trunkline.v1.ListModelsResponse> getListModelsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListModelsRequest, dev.trunkline.v1.ListModelsResponse> getListModelsMethod;
    if ((getListModelsMethod = LLMServiceGrpc.getListModelsMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getListModelsMethod = LLMServiceGrpc.getListModelsMethod) == null) {
          LLMServiceGrpc.getListModelsMethod = getListModelsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListModelsRequest, dev.trunkline.v1.ListModelsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListModels"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListModelsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListModelsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("ListModels"))
              .build();
        }
      }
    }
    return getListModelsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetModelRequest,
      dev.trunkline.v1.GetModelResponse> getGetModelMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetModel",
      requestType = dev.trunkline.v1.GetModelRequest.class,
      responseType = dev.trunkline.v1.GetModelResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetModelRequest,
      dev.trunkline.v1.GetModelResponse> getGetModelMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetModelRequest, dev.trunkline.v1.GetModelResponse> getGetModelMethod;
    if ((getGetModelMethod = LLMServiceGrpc.getGetModelMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getGetModelMethod = LLMServiceGrpc.getGetModelMethod) == null) {
          LLMServiceGrpc.getGetModelMethod = getGetModelMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetModelRequest, dev.trunkline.v1.GetModelResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetModel"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetModelRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetModelResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("GetModel"))
              .build();
        }
      }
    }
    return getGetModelMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.RecordFeedbackRequest,
      dev.trunkline.v1.RecordFeedbackResponse> getRecordFeedbackMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RecordFeedback",
      requestType = dev.trunkline.v1.RecordFeedbackRequest.class,
      responseType = dev.trunkline.v1.RecordFeedbackResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.RecordFeedbackRequest,
      dev.trunkline.v1.RecordFeedbackResponse> getRecordFeedbackMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.RecordFeedbackRequest, dev.trunkline.v1.RecordFeedbackResponse> getRecordFeedbackMethod;
    if ((getRecordFeedbackMethod = LLMServiceGrpc.getRecordFeedbackMethod) == null) {
      synchronized (LLMServiceGrpc.class) {
        if ((getRecordFeedbackMethod = LLMServiceGrpc.getRecordFeedbackMethod) == null) {
          LLMServiceGrpc.getRecordFeedbackMethod = getRecordFeedbackMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.RecordFeedbackRequest, dev.trunkline.v1.RecordFeedbackResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RecordFeedback"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RecordFeedbackRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RecordFeedbackResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LLMServiceMethodDescriptorSupplier("RecordFeedback"))
              .build();
        }
      }
    }
    return getRecordFeedbackMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static LLMServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LLMServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LLMServiceStub>() {
        @java.lang.Override
        public LLMServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LLMServiceStub(channel, callOptions);
        }
      };
    return LLMServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static LLMServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LLMServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LLMServiceBlockingV2Stub>() {
        @java.lang.Override
        public LLMServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LLMServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return LLMServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static LLMServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LLMServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LLMServiceBlockingStub>() {
        @java.lang.Override
        public LLMServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LLMServiceBlockingStub(channel, callOptions);
        }
      };
    return LLMServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static LLMServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LLMServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LLMServiceFutureStub>() {
        @java.lang.Override
        public LLMServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LLMServiceFutureStub(channel, callOptions);
        }
      };
    return LLMServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * LLMService calls language models.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Complete returns a whole answer. Errors: INVALID_ARGUMENT, RESOURCE_EXHAUSTED (budget, rate), UNAVAILABLE (no provider),
     * DEADLINE_EXCEEDED. Safe to repeat with the same `request_id`.
     * </pre>
     */
    default void complete(dev.trunkline.v1.CompleteRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CompleteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCompleteMethod(), responseObserver);
    }

    /**
     * <pre>
     * StreamComplete returns the answer as it is made. It ends with `finished`, or with a non-OK status after the usage so far.
     * </pre>
     */
    default void streamComplete(dev.trunkline.v1.StreamCompleteRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamCompleteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStreamCompleteMethod(), responseObserver);
    }

    /**
     * <pre>
     * Embed turns texts into vectors.
     * </pre>
     */
    default void embed(dev.trunkline.v1.EmbedRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.EmbedResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEmbedMethod(), responseObserver);
    }

    /**
     * <pre>
     * CountTokens counts what a request would send, without calling the model.
     * </pre>
     */
    default void countTokens(dev.trunkline.v1.CountTokensRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CountTokensResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCountTokensMethod(), responseObserver);
    }

    /**
     * <pre>
     * ExplainRoute says which model would serve a request, and which rule rejected each of the others. Nothing is called.
     * </pre>
     */
    default void explainRoute(dev.trunkline.v1.ExplainRouteRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ExplainRouteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExplainRouteMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListModels lists the models that are known, the reachable ones first.
     * </pre>
     */
    default void listModels(dev.trunkline.v1.ListModelsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListModelsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListModelsMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetModel returns one model.
     * </pre>
     */
    default void getModel(dev.trunkline.v1.GetModelRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetModelResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetModelMethod(), responseObserver);
    }

    /**
     * <pre>
     * RecordFeedback attaches a judgement to an earlier call.
     * </pre>
     */
    default void recordFeedback(dev.trunkline.v1.RecordFeedbackRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RecordFeedbackResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRecordFeedbackMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service LLMService.
   * <pre>
   * LLMService calls language models.
   * </pre>
   */
  public static abstract class LLMServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return LLMServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service LLMService.
   * <pre>
   * LLMService calls language models.
   * </pre>
   */
  public static final class LLMServiceStub
      extends io.grpc.stub.AbstractAsyncStub<LLMServiceStub> {
    private LLMServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LLMServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LLMServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Complete returns a whole answer. Errors: INVALID_ARGUMENT, RESOURCE_EXHAUSTED (budget, rate), UNAVAILABLE (no provider),
     * DEADLINE_EXCEEDED. Safe to repeat with the same `request_id`.
     * </pre>
     */
    public void complete(dev.trunkline.v1.CompleteRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CompleteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCompleteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * StreamComplete returns the answer as it is made. It ends with `finished`, or with a non-OK status after the usage so far.
     * </pre>
     */
    public void streamComplete(dev.trunkline.v1.StreamCompleteRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamCompleteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getStreamCompleteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Embed turns texts into vectors.
     * </pre>
     */
    public void embed(dev.trunkline.v1.EmbedRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.EmbedResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEmbedMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * CountTokens counts what a request would send, without calling the model.
     * </pre>
     */
    public void countTokens(dev.trunkline.v1.CountTokensRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CountTokensResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCountTokensMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ExplainRoute says which model would serve a request, and which rule rejected each of the others. Nothing is called.
     * </pre>
     */
    public void explainRoute(dev.trunkline.v1.ExplainRouteRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ExplainRouteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExplainRouteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListModels lists the models that are known, the reachable ones first.
     * </pre>
     */
    public void listModels(dev.trunkline.v1.ListModelsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListModelsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListModelsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetModel returns one model.
     * </pre>
     */
    public void getModel(dev.trunkline.v1.GetModelRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetModelResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetModelMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * RecordFeedback attaches a judgement to an earlier call.
     * </pre>
     */
    public void recordFeedback(dev.trunkline.v1.RecordFeedbackRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RecordFeedbackResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRecordFeedbackMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service LLMService.
   * <pre>
   * LLMService calls language models.
   * </pre>
   */
  public static final class LLMServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<LLMServiceBlockingV2Stub> {
    private LLMServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LLMServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LLMServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Complete returns a whole answer. Errors: INVALID_ARGUMENT, RESOURCE_EXHAUSTED (budget, rate), UNAVAILABLE (no provider),
     * DEADLINE_EXCEEDED. Safe to repeat with the same `request_id`.
     * </pre>
     */
    public dev.trunkline.v1.CompleteResponse complete(dev.trunkline.v1.CompleteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCompleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * StreamComplete returns the answer as it is made. It ends with `finished`, or with a non-OK status after the usage so far.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.trunkline.v1.StreamCompleteResponse>
        streamComplete(dev.trunkline.v1.StreamCompleteRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStreamCompleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Embed turns texts into vectors.
     * </pre>
     */
    public dev.trunkline.v1.EmbedResponse embed(dev.trunkline.v1.EmbedRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getEmbedMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CountTokens counts what a request would send, without calling the model.
     * </pre>
     */
    public dev.trunkline.v1.CountTokensResponse countTokens(dev.trunkline.v1.CountTokensRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCountTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ExplainRoute says which model would serve a request, and which rule rejected each of the others. Nothing is called.
     * </pre>
     */
    public dev.trunkline.v1.ExplainRouteResponse explainRoute(dev.trunkline.v1.ExplainRouteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExplainRouteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListModels lists the models that are known, the reachable ones first.
     * </pre>
     */
    public dev.trunkline.v1.ListModelsResponse listModels(dev.trunkline.v1.ListModelsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListModelsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetModel returns one model.
     * </pre>
     */
    public dev.trunkline.v1.GetModelResponse getModel(dev.trunkline.v1.GetModelRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetModelMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RecordFeedback attaches a judgement to an earlier call.
     * </pre>
     */
    public dev.trunkline.v1.RecordFeedbackResponse recordFeedback(dev.trunkline.v1.RecordFeedbackRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRecordFeedbackMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service LLMService.
   * <pre>
   * LLMService calls language models.
   * </pre>
   */
  public static final class LLMServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<LLMServiceBlockingStub> {
    private LLMServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LLMServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LLMServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Complete returns a whole answer. Errors: INVALID_ARGUMENT, RESOURCE_EXHAUSTED (budget, rate), UNAVAILABLE (no provider),
     * DEADLINE_EXCEEDED. Safe to repeat with the same `request_id`.
     * </pre>
     */
    public dev.trunkline.v1.CompleteResponse complete(dev.trunkline.v1.CompleteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCompleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * StreamComplete returns the answer as it is made. It ends with `finished`, or with a non-OK status after the usage so far.
     * </pre>
     */
    public java.util.Iterator<dev.trunkline.v1.StreamCompleteResponse> streamComplete(
        dev.trunkline.v1.StreamCompleteRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getStreamCompleteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Embed turns texts into vectors.
     * </pre>
     */
    public dev.trunkline.v1.EmbedResponse embed(dev.trunkline.v1.EmbedRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEmbedMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CountTokens counts what a request would send, without calling the model.
     * </pre>
     */
    public dev.trunkline.v1.CountTokensResponse countTokens(dev.trunkline.v1.CountTokensRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCountTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ExplainRoute says which model would serve a request, and which rule rejected each of the others. Nothing is called.
     * </pre>
     */
    public dev.trunkline.v1.ExplainRouteResponse explainRoute(dev.trunkline.v1.ExplainRouteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExplainRouteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListModels lists the models that are known, the reachable ones first.
     * </pre>
     */
    public dev.trunkline.v1.ListModelsResponse listModels(dev.trunkline.v1.ListModelsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListModelsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetModel returns one model.
     * </pre>
     */
    public dev.trunkline.v1.GetModelResponse getModel(dev.trunkline.v1.GetModelRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetModelMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RecordFeedback attaches a judgement to an earlier call.
     * </pre>
     */
    public dev.trunkline.v1.RecordFeedbackResponse recordFeedback(dev.trunkline.v1.RecordFeedbackRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRecordFeedbackMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service LLMService.
   * <pre>
   * LLMService calls language models.
   * </pre>
   */
  public static final class LLMServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<LLMServiceFutureStub> {
    private LLMServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LLMServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LLMServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Complete returns a whole answer. Errors: INVALID_ARGUMENT, RESOURCE_EXHAUSTED (budget, rate), UNAVAILABLE (no provider),
     * DEADLINE_EXCEEDED. Safe to repeat with the same `request_id`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.CompleteResponse> complete(
        dev.trunkline.v1.CompleteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCompleteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Embed turns texts into vectors.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.EmbedResponse> embed(
        dev.trunkline.v1.EmbedRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEmbedMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * CountTokens counts what a request would send, without calling the model.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.CountTokensResponse> countTokens(
        dev.trunkline.v1.CountTokensRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCountTokensMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ExplainRoute says which model would serve a request, and which rule rejected each of the others. Nothing is called.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ExplainRouteResponse> explainRoute(
        dev.trunkline.v1.ExplainRouteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExplainRouteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListModels lists the models that are known, the reachable ones first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListModelsResponse> listModels(
        dev.trunkline.v1.ListModelsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListModelsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetModel returns one model.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetModelResponse> getModel(
        dev.trunkline.v1.GetModelRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetModelMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * RecordFeedback attaches a judgement to an earlier call.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.RecordFeedbackResponse> recordFeedback(
        dev.trunkline.v1.RecordFeedbackRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRecordFeedbackMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_COMPLETE = 0;
  private static final int METHODID_STREAM_COMPLETE = 1;
  private static final int METHODID_EMBED = 2;
  private static final int METHODID_COUNT_TOKENS = 3;
  private static final int METHODID_EXPLAIN_ROUTE = 4;
  private static final int METHODID_LIST_MODELS = 5;
  private static final int METHODID_GET_MODEL = 6;
  private static final int METHODID_RECORD_FEEDBACK = 7;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_COMPLETE:
          serviceImpl.complete((dev.trunkline.v1.CompleteRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.CompleteResponse>) responseObserver);
          break;
        case METHODID_STREAM_COMPLETE:
          serviceImpl.streamComplete((dev.trunkline.v1.StreamCompleteRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamCompleteResponse>) responseObserver);
          break;
        case METHODID_EMBED:
          serviceImpl.embed((dev.trunkline.v1.EmbedRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.EmbedResponse>) responseObserver);
          break;
        case METHODID_COUNT_TOKENS:
          serviceImpl.countTokens((dev.trunkline.v1.CountTokensRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.CountTokensResponse>) responseObserver);
          break;
        case METHODID_EXPLAIN_ROUTE:
          serviceImpl.explainRoute((dev.trunkline.v1.ExplainRouteRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ExplainRouteResponse>) responseObserver);
          break;
        case METHODID_LIST_MODELS:
          serviceImpl.listModels((dev.trunkline.v1.ListModelsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListModelsResponse>) responseObserver);
          break;
        case METHODID_GET_MODEL:
          serviceImpl.getModel((dev.trunkline.v1.GetModelRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetModelResponse>) responseObserver);
          break;
        case METHODID_RECORD_FEEDBACK:
          serviceImpl.recordFeedback((dev.trunkline.v1.RecordFeedbackRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.RecordFeedbackResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getCompleteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.CompleteRequest,
              dev.trunkline.v1.CompleteResponse>(
                service, METHODID_COMPLETE)))
        .addMethod(
          getStreamCompleteMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.trunkline.v1.StreamCompleteRequest,
              dev.trunkline.v1.StreamCompleteResponse>(
                service, METHODID_STREAM_COMPLETE)))
        .addMethod(
          getEmbedMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.EmbedRequest,
              dev.trunkline.v1.EmbedResponse>(
                service, METHODID_EMBED)))
        .addMethod(
          getCountTokensMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.CountTokensRequest,
              dev.trunkline.v1.CountTokensResponse>(
                service, METHODID_COUNT_TOKENS)))
        .addMethod(
          getExplainRouteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ExplainRouteRequest,
              dev.trunkline.v1.ExplainRouteResponse>(
                service, METHODID_EXPLAIN_ROUTE)))
        .addMethod(
          getListModelsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListModelsRequest,
              dev.trunkline.v1.ListModelsResponse>(
                service, METHODID_LIST_MODELS)))
        .addMethod(
          getGetModelMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetModelRequest,
              dev.trunkline.v1.GetModelResponse>(
                service, METHODID_GET_MODEL)))
        .addMethod(
          getRecordFeedbackMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.RecordFeedbackRequest,
              dev.trunkline.v1.RecordFeedbackResponse>(
                service, METHODID_RECORD_FEEDBACK)))
        .build();
  }

  private static abstract class LLMServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    LLMServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.trunkline.v1.LlmProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("LLMService");
    }
  }

  private static final class LLMServiceFileDescriptorSupplier
      extends LLMServiceBaseDescriptorSupplier {
    LLMServiceFileDescriptorSupplier() {}
  }

  private static final class LLMServiceMethodDescriptorSupplier
      extends LLMServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    LLMServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (LLMServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new LLMServiceFileDescriptorSupplier())
              .addMethod(getCompleteMethod())
              .addMethod(getStreamCompleteMethod())
              .addMethod(getEmbedMethod())
              .addMethod(getCountTokensMethod())
              .addMethod(getExplainRouteMethod())
              .addMethod(getListModelsMethod())
              .addMethod(getGetModelMethod())
              .addMethod(getRecordFeedbackMethod())
              .build();
        }
      }
    }
    return result;
  }
}
