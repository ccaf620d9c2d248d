package dev.trunkline.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * AnalyticsService reads the request log and the ledger.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class AnalyticsServiceGrpc {

  private AnalyticsServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "trunkline.v1.AnalyticsService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.QueryUsageRequest,
      dev.trunkline.v1.QueryUsageResponse> getQueryUsageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "QueryUsage",
      requestType = dev.trunkline.v1.QueryUsageRequest.class,
      responseType = dev.trunkline.v1.QueryUsageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.QueryUsageRequest,
      dev.trunkline.v1.QueryUsageResponse> getQueryUsageMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.QueryUsageRequest, dev.trunkline.v1.QueryUsageResponse> getQueryUsageMethod;
    if ((getQueryUsageMethod = AnalyticsServiceGrpc.getQueryUsageMethod) == null) {
      synchronized (AnalyticsServiceGrpc.class) {
        if ((getQueryUsageMethod = AnalyticsServiceGrpc.getQueryUsageMethod) == null) {
          AnalyticsServiceGrpc.getQueryUsageMethod = getQueryUsageMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.QueryUsageRequest, dev.trunkline.v1.QueryUsageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "QueryUsage"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.QueryUsageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.QueryUsageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AnalyticsServiceMethodDescriptorSupplier("QueryUsage"))
              .build();
        }
      }
    }
    return getQueryUsageMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListRequestsRequest,
      dev.trunkline.v1.ListRequestsResponse> getListRequestsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListRequests",
      requestType = dev.trunkline.v1.ListRequestsRequest.class,
      responseType = dev.trunkline.v1.ListRequestsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListRequestsRequest,
      dev.trunkline.v1.ListRequestsResponse> getListRequestsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListRequestsRequest, dev.trunkline.v1.ListRequestsResponse> getListRequestsMethod;
    if ((getListRequestsMethod = AnalyticsServiceGrpc.getListRequestsMethod) == null) {
      synchronized (AnalyticsServiceGrpc.class) {
        if ((getListRequestsMethod = AnalyticsServiceGrpc.getListRequestsMethod) == null) {
          AnalyticsServiceGrpc.getListRequestsMethod = getListRequestsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListRequestsRequest, dev.trunkline.v1.ListRequestsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListRequests"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRequestsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRequestsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AnalyticsServiceMethodDescriptorSupplier("ListRequests"))
              .build();
        }
      }
    }
    return getListRequestsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetRequestRequest,
      dev.trunkline.v1.GetRequestResponse> getGetRequestMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetRequest",
      requestType = dev.trunkline.v1.GetRequestRequest.class,
      responseType = dev.trunkline.v1.GetRequestResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetRequestRequest,
      dev.trunkline.v1.GetRequestResponse> getGetRequestMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetRequestRequest, dev.trunkline.v1.GetRequestResponse> getGetRequestMethod;
    if ((getGetRequestMethod = AnalyticsServiceGrpc.getGetRequestMethod) == null) {
      synchronized (AnalyticsServiceGrpc.class) {
        if ((getGetRequestMethod = AnalyticsServiceGrpc.getGetRequestMethod) == null) {
          AnalyticsServiceGrpc.getGetRequestMethod = getGetRequestMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetRequestRequest, dev.trunkline.v1.GetRequestResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetRequest"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetRequestRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetRequestResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AnalyticsServiceMethodDescriptorSupplier("GetRequest"))
              .build();
        }
      }
    }
    return getGetRequestMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListRecommendationsRequest,
      dev.trunkline.v1.ListRecommendationsResponse> getListRecommendationsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListRecommendations",
      requestType = dev.trunkline.v1.ListRecommendationsRequest.class,
      responseType = dev.trunkline.v1.ListRecommendationsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListRecommendationsRequest,
      dev.trunkline.v1.ListRecommendationsResponse> getListRecommendationsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListRecommendationsRequest, dev.trunkline.v1.ListRecommendationsResponse> getListRecommendationsMethod;
    if ((getListRecommendationsMethod = AnalyticsServiceGrpc.getListRecommendationsMethod) == null) {
      synchronized (AnalyticsServiceGrpc.class) {
        if ((getListRecommendationsMethod = AnalyticsServiceGrpc.getListRecommendationsMethod) == null) {
          AnalyticsServiceGrpc.getListRecommendationsMethod = getListRecommendationsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListRecommendationsRequest, dev.trunkline.v1.ListRecommendationsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListRecommendations"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRecommendationsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRecommendationsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AnalyticsServiceMethodDescriptorSupplier("ListRecommendations"))
              .build();
        }
      }
    }
    return getListRecommendationsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ExportUsageRequest,
      dev.trunkline.v1.ExportUsageResponse> getExportUsageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExportUsage",
      requestType = dev.trunkline.v1.ExportUsageRequest.class,
      responseType = dev.trunkline.v1.ExportUsageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ExportUsageRequest,
      dev.trunkline.v1.ExportUsageResponse> getExportUsageMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ExportUsageRequest, dev.trunkline.v1.ExportUsageResponse> getExportUsageMethod;
    if ((getExportUsageMethod = AnalyticsServiceGrpc.getExportUsageMethod) == null) {
      synchronized (AnalyticsServiceGrpc.class) {
        if ((getExportUsageMethod = AnalyticsServiceGrpc.getExportUsageMethod) == null) {
          AnalyticsServiceGrpc.getExportUsageMethod = getExportUsageMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ExportUsageRequest, dev.trunkline.v1.ExportUsageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExportUsage"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ExportUsageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ExportUsageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new AnalyticsServiceMethodDescriptorSupplier("ExportUsage"))
              .build();
        }
      }
    }
    return getExportUsageMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static AnalyticsServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceStub>() {
        @java.lang.Override
        public AnalyticsServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AnalyticsServiceStub(channel, callOptions);
        }
      };
    return AnalyticsServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static AnalyticsServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceBlockingV2Stub>() {
        @java.lang.Override
        public AnalyticsServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AnalyticsServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return AnalyticsServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static AnalyticsServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceBlockingStub>() {
        @java.lang.Override
        public AnalyticsServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AnalyticsServiceBlockingStub(channel, callOptions);
        }
      };
    return AnalyticsServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static AnalyticsServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<AnalyticsServiceFutureStub>() {
        @java.lang.Override
        public AnalyticsServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new AnalyticsServiceFutureStub(channel, callOptions);
        }
      };
    return AnalyticsServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * AnalyticsService reads the request log and the ledger.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * QueryUsage sums usage over a period, by the dimensions asked for.
     * </pre>
     */
    default void queryUsage(dev.trunkline.v1.QueryUsageRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.QueryUsageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getQueryUsageMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListRequests lists recorded calls, newest first.
     * </pre>
     */
    default void listRequests(dev.trunkline.v1.ListRequestsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRequestsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListRequestsMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetRequest returns one recorded call.
     * </pre>
     */
    default void getRequest(dev.trunkline.v1.GetRequestRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetRequestResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetRequestMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListRecommendations lists ways to spend less, the largest saving first.
     * </pre>
     */
    default void listRecommendations(dev.trunkline.v1.ListRecommendationsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRecommendationsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListRecommendationsMethod(), responseObserver);
    }

    /**
     * <pre>
     * ExportUsage streams the ledger of a period, oldest first.
     * </pre>
     */
    default void exportUsage(dev.trunkline.v1.ExportUsageRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ExportUsageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExportUsageMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service AnalyticsService.
   * <pre>
   * AnalyticsService reads the request log and the ledger.
   * </pre>
   */
  public static abstract class AnalyticsServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return AnalyticsServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service AnalyticsService.
   * <pre>
   * AnalyticsService reads the request log and the ledger.
   * </pre>
   */
  public static final class AnalyticsServiceStub
      extends io.grpc.stub.AbstractAsyncStub<AnalyticsServiceStub> {
    private AnalyticsServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AnalyticsServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AnalyticsServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * QueryUsage sums usage over a period, by the dimensions asked for.
     * </pre>
     */
    public void queryUsage(dev.trunkline.v1.QueryUsageRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.QueryUsageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getQueryUsageMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListRequests lists recorded calls, newest first.
     * </pre>
     */
    public void listRequests(dev.trunkline.v1.ListRequestsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRequestsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListRequestsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetRequest returns one recorded call.
     * </pre>
     */
    public void getRequest(dev.trunkline.v1.GetRequestRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetRequestResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetRequestMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListRecommendations lists ways to spend less, the largest saving first.
     * </pre>
     */
    public void listRecommendations(dev.trunkline.v1.ListRecommendationsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRecommendationsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListRecommendationsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ExportUsage streams the ledger of a period, oldest first.
     * </pre>
     */
    public void exportUsage(dev.trunkline.v1.ExportUsageRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ExportUsageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getExportUsageMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service AnalyticsService.
   * <pre>
   * AnalyticsService reads the request log and the ledger.
   * </pre>
   */
  public static final class AnalyticsServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<AnalyticsServiceBlockingV2Stub> {
    private AnalyticsServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AnalyticsServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AnalyticsServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * QueryUsage sums usage over a period, by the dimensions asked for.
     * </pre>
     */
    public dev.trunkline.v1.QueryUsageResponse queryUsage(dev.trunkline.v1.QueryUsageRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getQueryUsageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRequests lists recorded calls, newest first.
     * </pre>
     */
    public dev.trunkline.v1.ListRequestsResponse listRequests(dev.trunkline.v1.ListRequestsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListRequestsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetRequest returns one recorded call.
     * </pre>
     */
    public dev.trunkline.v1.GetRequestResponse getRequest(dev.trunkline.v1.GetRequestRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetRequestMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRecommendations lists ways to spend less, the largest saving first.
     * </pre>
     */
    public dev.trunkline.v1.ListRecommendationsResponse listRecommendations(dev.trunkline.v1.ListRecommendationsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListRecommendationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ExportUsage streams the ledger of a period, oldest first.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.trunkline.v1.ExportUsageResponse>
        exportUsage(dev.trunkline.v1.ExportUsageRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getExportUsageMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service AnalyticsService.
   * <pre>
   * AnalyticsService reads the request log and the ledger.
   * </pre>
   */
  public static final class AnalyticsServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<AnalyticsServiceBlockingStub> {
    private AnalyticsServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AnalyticsServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AnalyticsServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * QueryUsage sums usage over a period, by the dimensions asked for.
     * </pre>
     */
    public dev.trunkline.v1.QueryUsageResponse queryUsage(dev.trunkline.v1.QueryUsageRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getQueryUsageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRequests lists recorded calls, newest first.
     * </pre>
     */
    public dev.trunkline.v1.ListRequestsResponse listRequests(dev.trunkline.v1.ListRequestsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListRequestsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetRequest returns one recorded call.
     * </pre>
     */
    public dev.trunkline.v1.GetRequestResponse getRequest(dev.trunkline.v1.GetRequestRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetRequestMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRecommendations lists ways to spend less, the largest saving first.
     * </pre>
     */
    public dev.trunkline.v1.ListRecommendationsResponse listRecommendations(dev.trunkline.v1.ListRecommendationsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListRecommendationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ExportUsage streams the ledger of a period, oldest first.
     * </pre>
     */
    public java.util.Iterator<dev.trunkline.v1.ExportUsageResponse> exportUsage(
        dev.trunkline.v1.ExportUsageRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getExportUsageMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service AnalyticsService.
   * <pre>
   * AnalyticsService reads the request log and the ledger.
   * </pre>
   */
  public static final class AnalyticsServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<AnalyticsServiceFutureStub> {
    private AnalyticsServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected AnalyticsServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new AnalyticsServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * QueryUsage sums usage over a period, by the dimensions asked for.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.QueryUsageResponse> queryUsage(
        dev.trunkline.v1.QueryUsageRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getQueryUsageMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListRequests lists recorded calls, newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListRequestsResponse> listRequests(
        dev.trunkline.v1.ListRequestsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListRequestsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetRequest returns one recorded call.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetRequestResponse> getRequest(
        dev.trunkline.v1.GetRequestRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetRequestMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListRecommendations lists ways to spend less, the largest saving first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListRecommendationsResponse> listRecommendations(
        dev.trunkline.v1.ListRecommendationsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListRecommendationsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_QUERY_USAGE = 0;
  private static final int METHODID_LIST_REQUESTS = 1;
  private static final int METHODID_GET_REQUEST = 2;
  private static final int METHODID_LIST_RECOMMENDATIONS = 3;
  private static final int METHODID_EXPORT_USAGE = 4;

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
        case METHODID_QUERY_USAGE:
          serviceImpl.queryUsage((dev.trunkline.v1.QueryUsageRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.QueryUsageResponse>) responseObserver);
          break;
        case METHODID_LIST_REQUESTS:
          serviceImpl.listRequests((dev.trunkline.v1.ListRequestsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRequestsResponse>) responseObserver);
          break;
        case METHODID_GET_REQUEST:
          serviceImpl.getRequest((dev.trunkline.v1.GetRequestRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetRequestResponse>) responseObserver);
          break;
        case METHODID_LIST_RECOMMENDATIONS:
          serviceImpl.listRecommendations((dev.trunkline.v1.ListRecommendationsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRecommendationsResponse>) responseObserver);
          break;
        case METHODID_EXPORT_USAGE:
          serviceImpl.exportUsage((dev.trunkline.v1.ExportUsageRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ExportUsageResponse>) responseObserver);
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
          getQueryUsageMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.QueryUsageRequest,
              dev.trunkline.v1.QueryUsageResponse>(
                service, METHODID_QUERY_USAGE)))
        .addMethod(
          getListRequestsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListRequestsRequest,
              dev.trunkline.v1.ListRequestsResponse>(
                service, METHODID_LIST_REQUESTS)))
        .addMethod(
          getGetRequestMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetRequestRequest,
              dev.trunkline.v1.GetRequestResponse>(
                service, METHODID_GET_REQUEST)))
        .addMethod(
          getListRecommendationsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListRecommendationsRequest,
              dev.trunkline.v1.ListRecommendationsResponse>(
                service, METHODID_LIST_RECOMMENDATIONS)))
        .addMethod(
          getExportUsageMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.trunkline.v1.ExportUsageRequest,
              dev.trunkline.v1.ExportUsageResponse>(
                service, METHODID_EXPORT_USAGE)))
        .build();
  }

  private static abstract class AnalyticsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    AnalyticsServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.trunkline.v1.AnalyticsProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("AnalyticsService");
    }
  }

  private static final class AnalyticsServiceFileDescriptorSupplier
      extends AnalyticsServiceBaseDescriptorSupplier {
    AnalyticsServiceFileDescriptorSupplier() {}
  }

  private static final class AnalyticsServiceMethodDescriptorSupplier
      extends AnalyticsServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    AnalyticsServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (AnalyticsServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new AnalyticsServiceFileDescriptorSupplier())
              .addMethod(getQueryUsageMethod())
              .addMethod(getListRequestsMethod())
              .addMethod(getGetRequestMethod())
              .addMethod(getListRecommendationsMethod())
              .addMethod(getExportUsageMethod())
              .build();
        }
      }
    }
    return result;
  }
}
