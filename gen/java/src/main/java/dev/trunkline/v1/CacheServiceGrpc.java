package dev.trunkline.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * CacheService looks after the tenant's part of the cache.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class CacheServiceGrpc {

  private CacheServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "trunkline.v1.CacheService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetCacheStatusRequest,
      dev.trunkline.v1.GetCacheStatusResponse> getGetCacheStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetCacheStatus",
      requestType = dev.trunkline.v1.GetCacheStatusRequest.class,
      responseType = dev.trunkline.v1.GetCacheStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetCacheStatusRequest,
      dev.trunkline.v1.GetCacheStatusResponse> getGetCacheStatusMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetCacheStatusRequest, dev.trunkline.v1.GetCacheStatusResponse> getGetCacheStatusMethod;
    if ((getGetCacheStatusMethod = CacheServiceGrpc.getGetCacheStatusMethod) == null) {
      synchronized (CacheServiceGrpc.class) {
        if ((getGetCacheStatusMethod = CacheServiceGrpc.getGetCacheStatusMethod) == null) {
          CacheServiceGrpc.getGetCacheStatusMethod = getGetCacheStatusMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetCacheStatusRequest, dev.trunkline.v1.GetCacheStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetCacheStatus"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetCacheStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetCacheStatusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CacheServiceMethodDescriptorSupplier("GetCacheStatus"))
              .build();
        }
      }
    }
    return getGetCacheStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.InvalidateCacheRequest,
      dev.trunkline.v1.InvalidateCacheResponse> getInvalidateCacheMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "InvalidateCache",
      requestType = dev.trunkline.v1.InvalidateCacheRequest.class,
      responseType = dev.trunkline.v1.InvalidateCacheResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.InvalidateCacheRequest,
      dev.trunkline.v1.InvalidateCacheResponse> getInvalidateCacheMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.InvalidateCacheRequest, dev.trunkline.v1.InvalidateCacheResponse> getInvalidateCacheMethod;
    if ((getInvalidateCacheMethod = CacheServiceGrpc.getInvalidateCacheMethod) == null) {
      synchronized (CacheServiceGrpc.class) {
        if ((getInvalidateCacheMethod = CacheServiceGrpc.getInvalidateCacheMethod) == null) {
          CacheServiceGrpc.getInvalidateCacheMethod = getInvalidateCacheMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.InvalidateCacheRequest, dev.trunkline.v1.InvalidateCacheResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "InvalidateCache"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.InvalidateCacheRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.InvalidateCacheResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CacheServiceMethodDescriptorSupplier("InvalidateCache"))
              .build();
        }
      }
    }
    return getInvalidateCacheMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.WarmCacheRequest,
      dev.trunkline.v1.WarmCacheResponse> getWarmCacheMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WarmCache",
      requestType = dev.trunkline.v1.WarmCacheRequest.class,
      responseType = dev.trunkline.v1.WarmCacheResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.WarmCacheRequest,
      dev.trunkline.v1.WarmCacheResponse> getWarmCacheMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.WarmCacheRequest, dev.trunkline.v1.WarmCacheResponse> getWarmCacheMethod;
    if ((getWarmCacheMethod = CacheServiceGrpc.getWarmCacheMethod) == null) {
      synchronized (CacheServiceGrpc.class) {
        if ((getWarmCacheMethod = CacheServiceGrpc.getWarmCacheMethod) == null) {
          CacheServiceGrpc.getWarmCacheMethod = getWarmCacheMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.WarmCacheRequest, dev.trunkline.v1.WarmCacheResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WarmCache"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.WarmCacheRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.WarmCacheResponse.getDefaultInstance()))
              .setSchemaDescriptor(new CacheServiceMethodDescriptorSupplier("WarmCache"))
              .build();
        }
      }
    }
    return getWarmCacheMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static CacheServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CacheServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CacheServiceStub>() {
        @java.lang.Override
        public CacheServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CacheServiceStub(channel, callOptions);
        }
      };
    return CacheServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static CacheServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CacheServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CacheServiceBlockingV2Stub>() {
        @java.lang.Override
        public CacheServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CacheServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return CacheServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static CacheServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CacheServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CacheServiceBlockingStub>() {
        @java.lang.Override
        public CacheServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CacheServiceBlockingStub(channel, callOptions);
        }
      };
    return CacheServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static CacheServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CacheServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CacheServiceFutureStub>() {
        @java.lang.Override
        public CacheServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CacheServiceFutureStub(channel, callOptions);
        }
      };
    return CacheServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * CacheService looks after the tenant's part of the cache.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * GetCacheStatus tells how full the cache is and what it answered.
     * </pre>
     */
    default void getCacheStatus(dev.trunkline.v1.GetCacheStatusRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetCacheStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetCacheStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * InvalidateCache removes entries.
     * </pre>
     */
    default void invalidateCache(dev.trunkline.v1.InvalidateCacheRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.InvalidateCacheResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getInvalidateCacheMethod(), responseObserver);
    }

    /**
     * <pre>
     * WarmCache makes completions ahead of their use.
     * </pre>
     */
    default void warmCache(dev.trunkline.v1.WarmCacheRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.WarmCacheResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWarmCacheMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service CacheService.
   * <pre>
   * CacheService looks after the tenant's part of the cache.
   * </pre>
   */
  public static abstract class CacheServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return CacheServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service CacheService.
   * <pre>
   * CacheService looks after the tenant's part of the cache.
   * </pre>
   */
  public static final class CacheServiceStub
      extends io.grpc.stub.AbstractAsyncStub<CacheServiceStub> {
    private CacheServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CacheServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CacheServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * GetCacheStatus tells how full the cache is and what it answered.
     * </pre>
     */
    public void getCacheStatus(dev.trunkline.v1.GetCacheStatusRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetCacheStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetCacheStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * InvalidateCache removes entries.
     * </pre>
     */
    public void invalidateCache(dev.trunkline.v1.InvalidateCacheRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.InvalidateCacheResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getInvalidateCacheMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * WarmCache makes completions ahead of their use.
     * </pre>
     */
    public void warmCache(dev.trunkline.v1.WarmCacheRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.WarmCacheResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getWarmCacheMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service CacheService.
   * <pre>
   * CacheService looks after the tenant's part of the cache.
   * </pre>
   */
  public static final class CacheServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<CacheServiceBlockingV2Stub> {
    private CacheServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CacheServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CacheServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * GetCacheStatus tells how full the cache is and what it answered.
     * </pre>
     */
    public dev.trunkline.v1.GetCacheStatusResponse getCacheStatus(dev.trunkline.v1.GetCacheStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetCacheStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * InvalidateCache removes entries.
     * </pre>
     */
    public dev.trunkline.v1.InvalidateCacheResponse invalidateCache(dev.trunkline.v1.InvalidateCacheRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getInvalidateCacheMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * WarmCache makes completions ahead of their use.
     * </pre>
     */
    public dev.trunkline.v1.WarmCacheResponse warmCache(dev.trunkline.v1.WarmCacheRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getWarmCacheMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service CacheService.
   * <pre>
   * CacheService looks after the tenant's part of the cache.
   * </pre>
   */
  public static final class CacheServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<CacheServiceBlockingStub> {
    private CacheServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CacheServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CacheServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * GetCacheStatus tells how full the cache is and what it answered.
     * </pre>
     */
    public dev.trunkline.v1.GetCacheStatusResponse getCacheStatus(dev.trunkline.v1.GetCacheStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetCacheStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * InvalidateCache removes entries.
     * </pre>
     */
    public dev.trunkline.v1.InvalidateCacheResponse invalidateCache(dev.trunkline.v1.InvalidateCacheRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getInvalidateCacheMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * WarmCache makes completions ahead of their use.
     * </pre>
     */
    public dev.trunkline.v1.WarmCacheResponse warmCache(dev.trunkline.v1.WarmCacheRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getWarmCacheMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service CacheService.
   * <pre>
   * CacheService looks after the tenant's part of the cache.
   * </pre>
   */
  public static final class CacheServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<CacheServiceFutureStub> {
    private CacheServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CacheServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CacheServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * GetCacheStatus tells how full the cache is and what it answered.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetCacheStatusResponse> getCacheStatus(
        dev.trunkline.v1.GetCacheStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetCacheStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * InvalidateCache removes entries.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.InvalidateCacheResponse> invalidateCache(
        dev.trunkline.v1.InvalidateCacheRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getInvalidateCacheMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * WarmCache makes completions ahead of their use.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.WarmCacheResponse> warmCache(
        dev.trunkline.v1.WarmCacheRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getWarmCacheMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_CACHE_STATUS = 0;
  private static final int METHODID_INVALIDATE_CACHE = 1;
  private static final int METHODID_WARM_CACHE = 2;

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
        case METHODID_GET_CACHE_STATUS:
          serviceImpl.getCacheStatus((dev.trunkline.v1.GetCacheStatusRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetCacheStatusResponse>) responseObserver);
          break;
        case METHODID_INVALIDATE_CACHE:
          serviceImpl.invalidateCache((dev.trunkline.v1.InvalidateCacheRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.InvalidateCacheResponse>) responseObserver);
          break;
        case METHODID_WARM_CACHE:
          serviceImpl.warmCache((dev.trunkline.v1.WarmCacheRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.WarmCacheResponse>) responseObserver);
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
          getGetCacheStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetCacheStatusRequest,
              dev.trunkline.v1.GetCacheStatusResponse>(
                service, METHODID_GET_CACHE_STATUS)))
        .addMethod(
          getInvalidateCacheMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.InvalidateCacheRequest,
              dev.trunkline.v1.InvalidateCacheResponse>(
                service, METHODID_INVALIDATE_CACHE)))
        .addMethod(
          getWarmCacheMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.WarmCacheRequest,
              dev.trunkline.v1.WarmCacheResponse>(
                service, METHODID_WARM_CACHE)))
        .build();
  }

  private static abstract class CacheServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    CacheServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.trunkline.v1.CacheProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("CacheService");
    }
  }

  private static final class CacheServiceFileDescriptorSupplier
      extends CacheServiceBaseDescriptorSupplier {
    CacheServiceFileDescriptorSupplier() {}
  }

  private static final class CacheServiceMethodDescriptorSupplier
      extends CacheServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    CacheServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (CacheServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new CacheServiceFileDescriptorSupplier())
              .addMethod(getGetCacheStatusMethod())
              .addMethod(getInvalidateCacheMethod())
              .addMethod(getWarmCacheMethod())
              .build();
        }
      }
    }
    return result;
  }
}
