package dev.trunkline.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * ToolService lists and executes tools.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ToolServiceGrpc {

  private ToolServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "trunkline.v1.ToolService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListToolsRequest,
      dev.trunkline.v1.ListToolsResponse> getListToolsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTools",
      requestType = dev.trunkline.v1.ListToolsRequest.class,
      responseType = dev.trunkline.v1.ListToolsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListToolsRequest,
      dev.trunkline.v1.ListToolsResponse> getListToolsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListToolsRequest, dev.trunkline.v1.ListToolsResponse> getListToolsMethod;
    if ((getListToolsMethod = ToolServiceGrpc.getListToolsMethod) == null) {
      synchronized (ToolServiceGrpc.class) {
        if ((getListToolsMethod = ToolServiceGrpc.getListToolsMethod) == null) {
          ToolServiceGrpc.getListToolsMethod = getListToolsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListToolsRequest, dev.trunkline.v1.ListToolsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTools"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListToolsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListToolsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolServiceMethodDescriptorSupplier("ListTools"))
              .build();
        }
      }
    }
    return getListToolsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetToolRequest,
      dev.trunkline.v1.GetToolResponse> getGetToolMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTool",
      requestType = dev.trunkline.v1.GetToolRequest.class,
      responseType = dev.trunkline.v1.GetToolResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetToolRequest,
      dev.trunkline.v1.GetToolResponse> getGetToolMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetToolRequest, dev.trunkline.v1.GetToolResponse> getGetToolMethod;
    if ((getGetToolMethod = ToolServiceGrpc.getGetToolMethod) == null) {
      synchronized (ToolServiceGrpc.class) {
        if ((getGetToolMethod = ToolServiceGrpc.getGetToolMethod) == null) {
          ToolServiceGrpc.getGetToolMethod = getGetToolMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetToolRequest, dev.trunkline.v1.GetToolResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTool"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetToolRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetToolResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolServiceMethodDescriptorSupplier("GetTool"))
              .build();
        }
      }
    }
    return getGetToolMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ExecuteToolRequest,
      dev.trunkline.v1.ExecuteToolResponse> getExecuteToolMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExecuteTool",
      requestType = dev.trunkline.v1.ExecuteToolRequest.class,
      responseType = dev.trunkline.v1.ExecuteToolResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ExecuteToolRequest,
      dev.trunkline.v1.ExecuteToolResponse> getExecuteToolMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ExecuteToolRequest, dev.trunkline.v1.ExecuteToolResponse> getExecuteToolMethod;
    if ((getExecuteToolMethod = ToolServiceGrpc.getExecuteToolMethod) == null) {
      synchronized (ToolServiceGrpc.class) {
        if ((getExecuteToolMethod = ToolServiceGrpc.getExecuteToolMethod) == null) {
          ToolServiceGrpc.getExecuteToolMethod = getExecuteToolMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ExecuteToolRequest, dev.trunkline.v1.ExecuteToolResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExecuteTool"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ExecuteToolRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ExecuteToolResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolServiceMethodDescriptorSupplier("ExecuteTool"))
              .build();
        }
      }
    }
    return getExecuteToolMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.BatchExecuteToolsRequest,
      dev.trunkline.v1.BatchExecuteToolsResponse> getBatchExecuteToolsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchExecuteTools",
      requestType = dev.trunkline.v1.BatchExecuteToolsRequest.class,
      responseType = dev.trunkline.v1.BatchExecuteToolsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.BatchExecuteToolsRequest,
      dev.trunkline.v1.BatchExecuteToolsResponse> getBatchExecuteToolsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.BatchExecuteToolsRequest, dev.trunkline.v1.BatchExecuteToolsResponse> getBatchExecuteToolsMethod;
    if ((getBatchExecuteToolsMethod = ToolServiceGrpc.getBatchExecuteToolsMethod) == null) {
      synchronized (ToolServiceGrpc.class) {
        if ((getBatchExecuteToolsMethod = ToolServiceGrpc.getBatchExecuteToolsMethod) == null) {
          ToolServiceGrpc.getBatchExecuteToolsMethod = getBatchExecuteToolsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.BatchExecuteToolsRequest, dev.trunkline.v1.BatchExecuteToolsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchExecuteTools"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.BatchExecuteToolsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.BatchExecuteToolsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolServiceMethodDescriptorSupplier("BatchExecuteTools"))
              .build();
        }
      }
    }
    return getBatchExecuteToolsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ApproveToolCallRequest,
      dev.trunkline.v1.ApproveToolCallResponse> getApproveToolCallMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ApproveToolCall",
      requestType = dev.trunkline.v1.ApproveToolCallRequest.class,
      responseType = dev.trunkline.v1.ApproveToolCallResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ApproveToolCallRequest,
      dev.trunkline.v1.ApproveToolCallResponse> getApproveToolCallMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ApproveToolCallRequest, dev.trunkline.v1.ApproveToolCallResponse> getApproveToolCallMethod;
    if ((getApproveToolCallMethod = ToolServiceGrpc.getApproveToolCallMethod) == null) {
      synchronized (ToolServiceGrpc.class) {
        if ((getApproveToolCallMethod = ToolServiceGrpc.getApproveToolCallMethod) == null) {
          ToolServiceGrpc.getApproveToolCallMethod = getApproveToolCallMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ApproveToolCallRequest, dev.trunkline.v1.ApproveToolCallResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ApproveToolCall"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ApproveToolCallRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ApproveToolCallResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolServiceMethodDescriptorSupplier("ApproveToolCall"))
              .build();
        }
      }
    }
    return getApproveToolCallMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.StreamExecuteToolRequest,
      dev.trunkline.v1.StreamExecuteToolResponse> getStreamExecuteToolMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StreamExecuteTool",
      requestType = dev.trunkline.v1.StreamExecuteToolRequest.class,
      responseType = dev.trunkline.v1.StreamExecuteToolResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.StreamExecuteToolRequest,
      dev.trunkline.v1.StreamExecuteToolResponse> getStreamExecuteToolMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.StreamExecuteToolRequest, dev.trunkline.v1.StreamExecuteToolResponse> getStreamExecuteToolMethod;
    if ((getStreamExecuteToolMethod = ToolServiceGrpc.getStreamExecuteToolMethod) == null) {
      synchronized (ToolServiceGrpc.class) {
        if ((getStreamExecuteToolMethod = ToolServiceGrpc.getStreamExecuteToolMethod) == null) {
          ToolServiceGrpc.getStreamExecuteToolMethod = getStreamExecuteToolMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.StreamExecuteToolRequest, dev.trunkline.v1.StreamExecuteToolResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StreamExecuteTool"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.StreamExecuteToolRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.StreamExecuteToolResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ToolServiceMethodDescriptorSupplier("StreamExecuteTool"))
              .build();
        }
      }
    }
    return getStreamExecuteToolMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ToolServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolServiceStub>() {
        @java.lang.Override
        public ToolServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolServiceStub(channel, callOptions);
        }
      };
    return ToolServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ToolServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolServiceBlockingV2Stub>() {
        @java.lang.Override
        public ToolServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ToolServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ToolServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolServiceBlockingStub>() {
        @java.lang.Override
        public ToolServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolServiceBlockingStub(channel, callOptions);
        }
      };
    return ToolServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ToolServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ToolServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ToolServiceFutureStub>() {
        @java.lang.Override
        public ToolServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ToolServiceFutureStub(channel, callOptions);
        }
      };
    return ToolServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * ToolService lists and executes tools.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * ListTools lists the tools of the tenant's active integrations.
     * </pre>
     */
    default void listTools(dev.trunkline.v1.ListToolsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListToolsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListToolsMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetTool returns one tool.
     * </pre>
     */
    default void getTool(dev.trunkline.v1.GetToolRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetToolResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetToolMethod(), responseObserver);
    }

    /**
     * <pre>
     * ExecuteTool runs a tool. Errors: NOT_FOUND (tool or integration), INVALID_ARGUMENT (parameters), DEADLINE_EXCEEDED, UNAVAILABLE
     * (integration).
     * </pre>
     */
    default void executeTool(dev.trunkline.v1.ExecuteToolRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ExecuteToolResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExecuteToolMethod(), responseObserver);
    }

    /**
     * <pre>
     * BatchExecuteTools runs several tools, some of them at a time. Each has its own answer or error, and is admitted, charged and recorded
     * by itself.
     * </pre>
     */
    default void batchExecuteTools(dev.trunkline.v1.BatchExecuteToolsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.BatchExecuteToolsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchExecuteToolsMethod(), responseObserver);
    }

    /**
     * <pre>
     * ApproveToolCall allows one call of a tool that needs an approval, with exactly these parameters. The key that approves is never the
     * key that calls.
     * </pre>
     */
    default void approveToolCall(dev.trunkline.v1.ApproveToolCallRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ApproveToolCallResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getApproveToolCallMethod(), responseObserver);
    }

    /**
     * <pre>
     * StreamExecuteTool runs a tool whose input or output is larger than one message, or comes in pages or rows. The first request holds
     * `start`.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamExecuteToolRequest> streamExecuteTool(
        io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamExecuteToolResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getStreamExecuteToolMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ToolService.
   * <pre>
   * ToolService lists and executes tools.
   * </pre>
   */
  public static abstract class ToolServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ToolServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ToolService.
   * <pre>
   * ToolService lists and executes tools.
   * </pre>
   */
  public static final class ToolServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ToolServiceStub> {
    private ToolServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * ListTools lists the tools of the tenant's active integrations.
     * </pre>
     */
    public void listTools(dev.trunkline.v1.ListToolsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListToolsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListToolsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetTool returns one tool.
     * </pre>
     */
    public void getTool(dev.trunkline.v1.GetToolRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetToolResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetToolMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ExecuteTool runs a tool. Errors: NOT_FOUND (tool or integration), INVALID_ARGUMENT (parameters), DEADLINE_EXCEEDED, UNAVAILABLE
     * (integration).
     * </pre>
     */
    public void executeTool(dev.trunkline.v1.ExecuteToolRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ExecuteToolResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExecuteToolMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * BatchExecuteTools runs several tools, some of them at a time. Each has its own answer or error, and is admitted, charged and recorded
     * by itself.
     * </pre>
     */
    public void batchExecuteTools(dev.trunkline.v1.BatchExecuteToolsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.BatchExecuteToolsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchExecuteToolsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ApproveToolCall allows one call of a tool that needs an approval, with exactly these parameters. The key that approves is never the
     * key that calls.
     * </pre>
     */
    public void approveToolCall(dev.trunkline.v1.ApproveToolCallRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ApproveToolCallResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getApproveToolCallMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * StreamExecuteTool runs a tool whose input or output is larger than one message, or comes in pages or rows. The first request holds
     * `start`.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamExecuteToolRequest> streamExecuteTool(
        io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamExecuteToolResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getStreamExecuteToolMethod(), getCallOptions()), responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ToolService.
   * <pre>
   * ToolService lists and executes tools.
   * </pre>
   */
  public static final class ToolServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ToolServiceBlockingV2Stub> {
    private ToolServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * ListTools lists the tools of the tenant's active integrations.
     * </pre>
     */
    public dev.trunkline.v1.ListToolsResponse listTools(dev.trunkline.v1.ListToolsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListToolsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetTool returns one tool.
     * </pre>
     */
    public dev.trunkline.v1.GetToolResponse getTool(dev.trunkline.v1.GetToolRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetToolMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ExecuteTool runs a tool. Errors: NOT_FOUND (tool or integration), INVALID_ARGUMENT (parameters), DEADLINE_EXCEEDED, UNAVAILABLE
     * (integration).
     * </pre>
     */
    public dev.trunkline.v1.ExecuteToolResponse executeTool(dev.trunkline.v1.ExecuteToolRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExecuteToolMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * BatchExecuteTools runs several tools, some of them at a time. Each has its own answer or error, and is admitted, charged and recorded
     * by itself.
     * </pre>
     */
    public dev.trunkline.v1.BatchExecuteToolsResponse batchExecuteTools(dev.trunkline.v1.BatchExecuteToolsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchExecuteToolsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ApproveToolCall allows one call of a tool that needs an approval, with exactly these parameters. The key that approves is never the
     * key that calls.
     * </pre>
     */
    public dev.trunkline.v1.ApproveToolCallResponse approveToolCall(dev.trunkline.v1.ApproveToolCallRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getApproveToolCallMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * StreamExecuteTool runs a tool whose input or output is larger than one message, or comes in pages or rows. The first request holds
     * `start`.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.trunkline.v1.StreamExecuteToolRequest, dev.trunkline.v1.StreamExecuteToolResponse>
        streamExecuteTool() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getStreamExecuteToolMethod(), getCallOptions());
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ToolService.
   * <pre>
   * ToolService lists and executes tools.
   * </pre>
   */
  public static final class ToolServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ToolServiceBlockingStub> {
    private ToolServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * ListTools lists the tools of the tenant's active integrations.
     * </pre>
     */
    public dev.trunkline.v1.ListToolsResponse listTools(dev.trunkline.v1.ListToolsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListToolsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetTool returns one tool.
     * </pre>
     */
    public dev.trunkline.v1.GetToolResponse getTool(dev.trunkline.v1.GetToolRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetToolMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ExecuteTool runs a tool. Errors: NOT_FOUND (tool or integration), INVALID_ARGUMENT (parameters), DEADLINE_EXCEEDED, UNAVAILABLE
     * (integration).
     * </pre>
     */
    public dev.trunkline.v1.ExecuteToolResponse executeTool(dev.trunkline.v1.ExecuteToolRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExecuteToolMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * BatchExecuteTools runs several tools, some of them at a time. Each has its own answer or error, and is admitted, charged and recorded
     * by itself.
     * </pre>
     */
    public dev.trunkline.v1.BatchExecuteToolsResponse batchExecuteTools(dev.trunkline.v1.BatchExecuteToolsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchExecuteToolsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ApproveToolCall allows one call of a tool that needs an approval, with exactly these parameters. The key that approves is never the
     * key that calls.
     * </pre>
     */
    public dev.trunkline.v1.ApproveToolCallResponse approveToolCall(dev.trunkline.v1.ApproveToolCallRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getApproveToolCallMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ToolService.
   * <pre>
   * ToolService lists and executes tools.
   * </pre>
   */
  public static final class ToolServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ToolServiceFutureStub> {
    private ToolServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ToolServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ToolServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * ListTools lists the tools of the tenant's active integrations.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListToolsResponse> listTools(
        dev.trunkline.v1.ListToolsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListToolsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetTool returns one tool.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetToolResponse> getTool(
        dev.trunkline.v1.GetToolRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetToolMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ExecuteTool runs a tool. Errors: NOT_FOUND (tool or integration), INVALID_ARGUMENT (parameters), DEADLINE_EXCEEDED, UNAVAILABLE
     * (integration).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ExecuteToolResponse> executeTool(
        dev.trunkline.v1.ExecuteToolRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExecuteToolMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * BatchExecuteTools runs several tools, some of them at a time. Each has its own answer or error, and is admitted, charged and recorded
     * by itself.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.BatchExecuteToolsResponse> batchExecuteTools(
        dev.trunkline.v1.BatchExecuteToolsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchExecuteToolsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ApproveToolCall allows one call of a tool that needs an approval, with exactly these parameters. The key that approves is never the
     * key that calls.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ApproveToolCallResponse> approveToolCall(
        dev.trunkline.v1.ApproveToolCallRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getApproveToolCallMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_TOOLS = 0;
  private static final int METHODID_GET_TOOL = 1;
  private static final int METHODID_EXECUTE_TOOL = 2;
  private static final int METHODID_BATCH_EXECUTE_TOOLS = 3;
  private static final int METHODID_APPROVE_TOOL_CALL = 4;
  private static final int METHODID_STREAM_EXECUTE_TOOL = 5;

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
        case METHODID_LIST_TOOLS:
          serviceImpl.listTools((dev.trunkline.v1.ListToolsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListToolsResponse>) responseObserver);
          break;
        case METHODID_GET_TOOL:
          serviceImpl.getTool((dev.trunkline.v1.GetToolRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetToolResponse>) responseObserver);
          break;
        case METHODID_EXECUTE_TOOL:
          serviceImpl.executeTool((dev.trunkline.v1.ExecuteToolRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ExecuteToolResponse>) responseObserver);
          break;
        case METHODID_BATCH_EXECUTE_TOOLS:
          serviceImpl.batchExecuteTools((dev.trunkline.v1.BatchExecuteToolsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.BatchExecuteToolsResponse>) responseObserver);
          break;
        case METHODID_APPROVE_TOOL_CALL:
          serviceImpl.approveToolCall((dev.trunkline.v1.ApproveToolCallRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ApproveToolCallResponse>) responseObserver);
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
        case METHODID_STREAM_EXECUTE_TOOL:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.streamExecuteTool(
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.StreamExecuteToolResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListToolsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListToolsRequest,
              dev.trunkline.v1.ListToolsResponse>(
                service, METHODID_LIST_TOOLS)))
        .addMethod(
          getGetToolMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetToolRequest,
              dev.trunkline.v1.GetToolResponse>(
                service, METHODID_GET_TOOL)))
        .addMethod(
          getExecuteToolMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ExecuteToolRequest,
              dev.trunkline.v1.ExecuteToolResponse>(
                service, METHODID_EXECUTE_TOOL)))
        .addMethod(
          getBatchExecuteToolsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.BatchExecuteToolsRequest,
              dev.trunkline.v1.BatchExecuteToolsResponse>(
                service, METHODID_BATCH_EXECUTE_TOOLS)))
        .addMethod(
          getApproveToolCallMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ApproveToolCallRequest,
              dev.trunkline.v1.ApproveToolCallResponse>(
                service, METHODID_APPROVE_TOOL_CALL)))
        .addMethod(
          getStreamExecuteToolMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.trunkline.v1.StreamExecuteToolRequest,
              dev.trunkline.v1.StreamExecuteToolResponse>(
                service, METHODID_STREAM_EXECUTE_TOOL)))
        .build();
  }

  private static abstract class ToolServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ToolServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.trunkline.v1.ToolProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ToolService");
    }
  }

  private static final class ToolServiceFileDescriptorSupplier
      extends ToolServiceBaseDescriptorSupplier {
    ToolServiceFileDescriptorSupplier() {}
  }

  private static final class ToolServiceMethodDescriptorSupplier
      extends ToolServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ToolServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ToolServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ToolServiceFileDescriptorSupplier())
              .addMethod(getListToolsMethod())
              .addMethod(getGetToolMethod())
              .addMethod(getExecuteToolMethod())
              .addMethod(getBatchExecuteToolsMethod())
              .addMethod(getApproveToolCallMethod())
              .addMethod(getStreamExecuteToolMethod())
              .build();
        }
      }
    }
    return result;
  }
}
