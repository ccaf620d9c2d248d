package dev.trunkline.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * WebhookService keeps endpoints and tells what became of each delivery. Every event that an endpoint wants is delivered at least once,
 * with the same `webhook-id` each time.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class WebhookServiceGrpc {

  private WebhookServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "trunkline.v1.WebhookService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.CreateWebhookEndpointRequest,
      dev.trunkline.v1.CreateWebhookEndpointResponse> getCreateWebhookEndpointMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateWebhookEndpoint",
      requestType = dev.trunkline.v1.CreateWebhookEndpointRequest.class,
      responseType = dev.trunkline.v1.CreateWebhookEndpointResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.CreateWebhookEndpointRequest,
      dev.trunkline.v1.CreateWebhookEndpointResponse> getCreateWebhookEndpointMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.CreateWebhookEndpointRequest, dev.trunkline.v1.CreateWebhookEndpointResponse> getCreateWebhookEndpointMethod;
    if ((getCreateWebhookEndpointMethod = WebhookServiceGrpc.getCreateWebhookEndpointMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getCreateWebhookEndpointMethod = WebhookServiceGrpc.getCreateWebhookEndpointMethod) == null) {
          WebhookServiceGrpc.getCreateWebhookEndpointMethod = getCreateWebhookEndpointMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.CreateWebhookEndpointRequest, dev.trunkline.v1.CreateWebhookEndpointResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateWebhookEndpoint"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateWebhookEndpointRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateWebhookEndpointResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("CreateWebhookEndpoint"))
              .build();
        }
      }
    }
    return getCreateWebhookEndpointMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetWebhookEndpointRequest,
      dev.trunkline.v1.GetWebhookEndpointResponse> getGetWebhookEndpointMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetWebhookEndpoint",
      requestType = dev.trunkline.v1.GetWebhookEndpointRequest.class,
      responseType = dev.trunkline.v1.GetWebhookEndpointResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetWebhookEndpointRequest,
      dev.trunkline.v1.GetWebhookEndpointResponse> getGetWebhookEndpointMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetWebhookEndpointRequest, dev.trunkline.v1.GetWebhookEndpointResponse> getGetWebhookEndpointMethod;
    if ((getGetWebhookEndpointMethod = WebhookServiceGrpc.getGetWebhookEndpointMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getGetWebhookEndpointMethod = WebhookServiceGrpc.getGetWebhookEndpointMethod) == null) {
          WebhookServiceGrpc.getGetWebhookEndpointMethod = getGetWebhookEndpointMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetWebhookEndpointRequest, dev.trunkline.v1.GetWebhookEndpointResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetWebhookEndpoint"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetWebhookEndpointRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetWebhookEndpointResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("GetWebhookEndpoint"))
              .build();
        }
      }
    }
    return getGetWebhookEndpointMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListWebhookEndpointsRequest,
      dev.trunkline.v1.ListWebhookEndpointsResponse> getListWebhookEndpointsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListWebhookEndpoints",
      requestType = dev.trunkline.v1.ListWebhookEndpointsRequest.class,
      responseType = dev.trunkline.v1.ListWebhookEndpointsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListWebhookEndpointsRequest,
      dev.trunkline.v1.ListWebhookEndpointsResponse> getListWebhookEndpointsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListWebhookEndpointsRequest, dev.trunkline.v1.ListWebhookEndpointsResponse> getListWebhookEndpointsMethod;
    if ((getListWebhookEndpointsMethod = WebhookServiceGrpc.getListWebhookEndpointsMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getListWebhookEndpointsMethod = WebhookServiceGrpc.getListWebhookEndpointsMethod) == null) {
          WebhookServiceGrpc.getListWebhookEndpointsMethod = getListWebhookEndpointsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListWebhookEndpointsRequest, dev.trunkline.v1.ListWebhookEndpointsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListWebhookEndpoints"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListWebhookEndpointsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListWebhookEndpointsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("ListWebhookEndpoints"))
              .build();
        }
      }
    }
    return getListWebhookEndpointsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateWebhookEndpointRequest,
      dev.trunkline.v1.UpdateWebhookEndpointResponse> getUpdateWebhookEndpointMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateWebhookEndpoint",
      requestType = dev.trunkline.v1.UpdateWebhookEndpointRequest.class,
      responseType = dev.trunkline.v1.UpdateWebhookEndpointResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateWebhookEndpointRequest,
      dev.trunkline.v1.UpdateWebhookEndpointResponse> getUpdateWebhookEndpointMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateWebhookEndpointRequest, dev.trunkline.v1.UpdateWebhookEndpointResponse> getUpdateWebhookEndpointMethod;
    if ((getUpdateWebhookEndpointMethod = WebhookServiceGrpc.getUpdateWebhookEndpointMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getUpdateWebhookEndpointMethod = WebhookServiceGrpc.getUpdateWebhookEndpointMethod) == null) {
          WebhookServiceGrpc.getUpdateWebhookEndpointMethod = getUpdateWebhookEndpointMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.UpdateWebhookEndpointRequest, dev.trunkline.v1.UpdateWebhookEndpointResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateWebhookEndpoint"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.UpdateWebhookEndpointRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.UpdateWebhookEndpointResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("UpdateWebhookEndpoint"))
              .build();
        }
      }
    }
    return getUpdateWebhookEndpointMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteWebhookEndpointRequest,
      dev.trunkline.v1.DeleteWebhookEndpointResponse> getDeleteWebhookEndpointMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteWebhookEndpoint",
      requestType = dev.trunkline.v1.DeleteWebhookEndpointRequest.class,
      responseType = dev.trunkline.v1.DeleteWebhookEndpointResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteWebhookEndpointRequest,
      dev.trunkline.v1.DeleteWebhookEndpointResponse> getDeleteWebhookEndpointMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteWebhookEndpointRequest, dev.trunkline.v1.DeleteWebhookEndpointResponse> getDeleteWebhookEndpointMethod;
    if ((getDeleteWebhookEndpointMethod = WebhookServiceGrpc.getDeleteWebhookEndpointMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getDeleteWebhookEndpointMethod = WebhookServiceGrpc.getDeleteWebhookEndpointMethod) == null) {
          WebhookServiceGrpc.getDeleteWebhookEndpointMethod = getDeleteWebhookEndpointMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.DeleteWebhookEndpointRequest, dev.trunkline.v1.DeleteWebhookEndpointResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteWebhookEndpoint"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteWebhookEndpointRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteWebhookEndpointResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("DeleteWebhookEndpoint"))
              .build();
        }
      }
    }
    return getDeleteWebhookEndpointMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.VerifyWebhookEndpointRequest,
      dev.trunkline.v1.VerifyWebhookEndpointResponse> getVerifyWebhookEndpointMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "VerifyWebhookEndpoint",
      requestType = dev.trunkline.v1.VerifyWebhookEndpointRequest.class,
      responseType = dev.trunkline.v1.VerifyWebhookEndpointResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.VerifyWebhookEndpointRequest,
      dev.trunkline.v1.VerifyWebhookEndpointResponse> getVerifyWebhookEndpointMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.VerifyWebhookEndpointRequest, dev.trunkline.v1.VerifyWebhookEndpointResponse> getVerifyWebhookEndpointMethod;
    if ((getVerifyWebhookEndpointMethod = WebhookServiceGrpc.getVerifyWebhookEndpointMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getVerifyWebhookEndpointMethod = WebhookServiceGrpc.getVerifyWebhookEndpointMethod) == null) {
          WebhookServiceGrpc.getVerifyWebhookEndpointMethod = getVerifyWebhookEndpointMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.VerifyWebhookEndpointRequest, dev.trunkline.v1.VerifyWebhookEndpointResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "VerifyWebhookEndpoint"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.VerifyWebhookEndpointRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.VerifyWebhookEndpointResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("VerifyWebhookEndpoint"))
              .build();
        }
      }
    }
    return getVerifyWebhookEndpointMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.RotateWebhookSecretRequest,
      dev.trunkline.v1.RotateWebhookSecretResponse> getRotateWebhookSecretMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RotateWebhookSecret",
      requestType = dev.trunkline.v1.RotateWebhookSecretRequest.class,
      responseType = dev.trunkline.v1.RotateWebhookSecretResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.RotateWebhookSecretRequest,
      dev.trunkline.v1.RotateWebhookSecretResponse> getRotateWebhookSecretMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.RotateWebhookSecretRequest, dev.trunkline.v1.RotateWebhookSecretResponse> getRotateWebhookSecretMethod;
    if ((getRotateWebhookSecretMethod = WebhookServiceGrpc.getRotateWebhookSecretMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getRotateWebhookSecretMethod = WebhookServiceGrpc.getRotateWebhookSecretMethod) == null) {
          WebhookServiceGrpc.getRotateWebhookSecretMethod = getRotateWebhookSecretMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.RotateWebhookSecretRequest, dev.trunkline.v1.RotateWebhookSecretResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RotateWebhookSecret"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RotateWebhookSecretRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RotateWebhookSecretResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("RotateWebhookSecret"))
              .build();
        }
      }
    }
    return getRotateWebhookSecretMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListWebhookDeliveriesRequest,
      dev.trunkline.v1.ListWebhookDeliveriesResponse> getListWebhookDeliveriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListWebhookDeliveries",
      requestType = dev.trunkline.v1.ListWebhookDeliveriesRequest.class,
      responseType = dev.trunkline.v1.ListWebhookDeliveriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListWebhookDeliveriesRequest,
      dev.trunkline.v1.ListWebhookDeliveriesResponse> getListWebhookDeliveriesMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListWebhookDeliveriesRequest, dev.trunkline.v1.ListWebhookDeliveriesResponse> getListWebhookDeliveriesMethod;
    if ((getListWebhookDeliveriesMethod = WebhookServiceGrpc.getListWebhookDeliveriesMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getListWebhookDeliveriesMethod = WebhookServiceGrpc.getListWebhookDeliveriesMethod) == null) {
          WebhookServiceGrpc.getListWebhookDeliveriesMethod = getListWebhookDeliveriesMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListWebhookDeliveriesRequest, dev.trunkline.v1.ListWebhookDeliveriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListWebhookDeliveries"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListWebhookDeliveriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListWebhookDeliveriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("ListWebhookDeliveries"))
              .build();
        }
      }
    }
    return getListWebhookDeliveriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetWebhookDeliveryRequest,
      dev.trunkline.v1.GetWebhookDeliveryResponse> getGetWebhookDeliveryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetWebhookDelivery",
      requestType = dev.trunkline.v1.GetWebhookDeliveryRequest.class,
      responseType = dev.trunkline.v1.GetWebhookDeliveryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetWebhookDeliveryRequest,
      dev.trunkline.v1.GetWebhookDeliveryResponse> getGetWebhookDeliveryMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetWebhookDeliveryRequest, dev.trunkline.v1.GetWebhookDeliveryResponse> getGetWebhookDeliveryMethod;
    if ((getGetWebhookDeliveryMethod = WebhookServiceGrpc.getGetWebhookDeliveryMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getGetWebhookDeliveryMethod = WebhookServiceGrpc.getGetWebhookDeliveryMethod) == null) {
          WebhookServiceGrpc.getGetWebhookDeliveryMethod = getGetWebhookDeliveryMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetWebhookDeliveryRequest, dev.trunkline.v1.GetWebhookDeliveryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetWebhookDelivery"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetWebhookDeliveryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetWebhookDeliveryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("GetWebhookDelivery"))
              .build();
        }
      }
    }
    return getGetWebhookDeliveryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.RedeliverWebhooksRequest,
      dev.trunkline.v1.RedeliverWebhooksResponse> getRedeliverWebhooksMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RedeliverWebhooks",
      requestType = dev.trunkline.v1.RedeliverWebhooksRequest.class,
      responseType = dev.trunkline.v1.RedeliverWebhooksResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.RedeliverWebhooksRequest,
      dev.trunkline.v1.RedeliverWebhooksResponse> getRedeliverWebhooksMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.RedeliverWebhooksRequest, dev.trunkline.v1.RedeliverWebhooksResponse> getRedeliverWebhooksMethod;
    if ((getRedeliverWebhooksMethod = WebhookServiceGrpc.getRedeliverWebhooksMethod) == null) {
      synchronized (WebhookServiceGrpc.class) {
        if ((getRedeliverWebhooksMethod = WebhookServiceGrpc.getRedeliverWebhooksMethod) == null) {
          WebhookServiceGrpc.getRedeliverWebhooksMethod = getRedeliverWebhooksMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.RedeliverWebhooksRequest, dev.trunkline.v1.RedeliverWebhooksResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RedeliverWebhooks"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RedeliverWebhooksRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RedeliverWebhooksResponse.getDefaultInstance()))
              .setSchemaDescriptor(new WebhookServiceMethodDescriptorSupplier("RedeliverWebhooks"))
              .build();
        }
      }
    }
    return getRedeliverWebhooksMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static WebhookServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<WebhookServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<WebhookServiceStub>() {
        @java.lang.Override
        public WebhookServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new WebhookServiceStub(channel, callOptions);
        }
      };
    return WebhookServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static WebhookServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<WebhookServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<WebhookServiceBlockingV2Stub>() {
        @java.lang.Override
        public WebhookServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new WebhookServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return WebhookServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static WebhookServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<WebhookServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<WebhookServiceBlockingStub>() {
        @java.lang.Override
        public WebhookServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new WebhookServiceBlockingStub(channel, callOptions);
        }
      };
    return WebhookServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static WebhookServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<WebhookServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<WebhookServiceFutureStub>() {
        @java.lang.Override
        public WebhookServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new WebhookServiceFutureStub(channel, callOptions);
        }
      };
    return WebhookServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * WebhookService keeps endpoints and tells what became of each delivery. Every event that an endpoint wants is delivered at least once,
   * with the same `webhook-id` each time.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * CreateWebhookEndpoint registers an endpoint, which gets nothing until it is verified. The answer alone holds its secret. Errors:
     * ALREADY_EXISTS, INVALID_ARGUMENT.
     * </pre>
     */
    default void createWebhookEndpoint(dev.trunkline.v1.CreateWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateWebhookEndpointMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetWebhookEndpoint returns one endpoint. Secrets are never returned.
     * </pre>
     */
    default void getWebhookEndpoint(dev.trunkline.v1.GetWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetWebhookEndpointMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListWebhookEndpoints lists the tenant's endpoints by id.
     * </pre>
     */
    default void listWebhookEndpoints(dev.trunkline.v1.ListWebhookEndpointsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListWebhookEndpointsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListWebhookEndpointsMethod(), responseObserver);
    }

    /**
     * <pre>
     * UpdateWebhookEndpoint changes the masked fields. Another URL must be verified anew. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT.
     * </pre>
     */
    default void updateWebhookEndpoint(dev.trunkline.v1.UpdateWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateWebhookEndpointMethod(), responseObserver);
    }

    /**
     * <pre>
     * DeleteWebhookEndpoint removes an endpoint with its secrets, deliveries and history.
     * </pre>
     */
    default void deleteWebhookEndpoint(dev.trunkline.v1.DeleteWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteWebhookEndpointMethod(), responseObserver);
    }

    /**
     * <pre>
     * VerifyWebhookEndpoint sends a signed `webhook.verification` message, `{"type":…,"timestamp":…,"data":{"challenge":…}}`. An endpoint
     * that answers 2xx with the challenge in its body becomes ACTIVE, and gets the events from then on. Errors: FAILED_PRECONDITION.
     * </pre>
     */
    default void verifyWebhookEndpoint(dev.trunkline.v1.VerifyWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.VerifyWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getVerifyWebhookEndpointMethod(), responseObserver);
    }

    /**
     * <pre>
     * RotateWebhookSecret makes a new secret. Until the overlap is over each delivery carries the signatures of both.
     * </pre>
     */
    default void rotateWebhookSecret(dev.trunkline.v1.RotateWebhookSecretRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RotateWebhookSecretResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRotateWebhookSecretMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListWebhookDeliveries lists deliveries, newest first: those that wait, those that were made, and the dead letters.
     * </pre>
     */
    default void listWebhookDeliveries(dev.trunkline.v1.ListWebhookDeliveriesRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListWebhookDeliveriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListWebhookDeliveriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetWebhookDelivery returns a delivery with its event and every attempt.
     * </pre>
     */
    default void getWebhookDelivery(dev.trunkline.v1.GetWebhookDeliveryRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetWebhookDeliveryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetWebhookDeliveryMethod(), responseObserver);
    }

    /**
     * <pre>
     * RedeliverWebhooks makes deliveries due now, and starts their schedules anew: one, or all dead letters of a time.
     * </pre>
     */
    default void redeliverWebhooks(dev.trunkline.v1.RedeliverWebhooksRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RedeliverWebhooksResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRedeliverWebhooksMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service WebhookService.
   * <pre>
   * WebhookService keeps endpoints and tells what became of each delivery. Every event that an endpoint wants is delivered at least once,
   * with the same `webhook-id` each time.
   * </pre>
   */
  public static abstract class WebhookServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return WebhookServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service WebhookService.
   * <pre>
   * WebhookService keeps endpoints and tells what became of each delivery. Every event that an endpoint wants is delivered at least once,
   * with the same `webhook-id` each time.
   * </pre>
   */
  public static final class WebhookServiceStub
      extends io.grpc.stub.AbstractAsyncStub<WebhookServiceStub> {
    private WebhookServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected WebhookServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new WebhookServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateWebhookEndpoint registers an endpoint, which gets nothing until it is verified. The answer alone holds its secret. Errors:
     * ALREADY_EXISTS, INVALID_ARGUMENT.
     * </pre>
     */
    public void createWebhookEndpoint(dev.trunkline.v1.CreateWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateWebhookEndpointMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetWebhookEndpoint returns one endpoint. Secrets are never returned.
     * </pre>
     */
    public void getWebhookEndpoint(dev.trunkline.v1.GetWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetWebhookEndpointMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListWebhookEndpoints lists the tenant's endpoints by id.
     * </pre>
     */
    public void listWebhookEndpoints(dev.trunkline.v1.ListWebhookEndpointsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListWebhookEndpointsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListWebhookEndpointsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * UpdateWebhookEndpoint changes the masked fields. Another URL must be verified anew. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT.
     * </pre>
     */
    public void updateWebhookEndpoint(dev.trunkline.v1.UpdateWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateWebhookEndpointMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * DeleteWebhookEndpoint removes an endpoint with its secrets, deliveries and history.
     * </pre>
     */
    public void deleteWebhookEndpoint(dev.trunkline.v1.DeleteWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteWebhookEndpointMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * VerifyWebhookEndpoint sends a signed `webhook.verification` message, `{"type":…,"timestamp":…,"data":{"challenge":…}}`. An endpoint
     * that answers 2xx with the challenge in its body becomes ACTIVE, and gets the events from then on. Errors: FAILED_PRECONDITION.
     * </pre>
     */
    public void verifyWebhookEndpoint(dev.trunkline.v1.VerifyWebhookEndpointRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.VerifyWebhookEndpointResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getVerifyWebhookEndpointMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * RotateWebhookSecret makes a new secret. Until the overlap is over each delivery carries the signatures of both.
     * </pre>
     */
    public void rotateWebhookSecret(dev.trunkline.v1.RotateWebhookSecretRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RotateWebhookSecretResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRotateWebhookSecretMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListWebhookDeliveries lists deliveries, newest first: those that wait, those that were made, and the dead letters.
     * </pre>
     */
    public void listWebhookDeliveries(dev.trunkline.v1.ListWebhookDeliveriesRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListWebhookDeliveriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListWebhookDeliveriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetWebhookDelivery returns a delivery with its event and every attempt.
     * </pre>
     */
    public void getWebhookDelivery(dev.trunkline.v1.GetWebhookDeliveryRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetWebhookDeliveryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetWebhookDeliveryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * RedeliverWebhooks makes deliveries due now, and starts their schedules anew: one, or all dead letters of a time.
     * </pre>
     */
    public void redeliverWebhooks(dev.trunkline.v1.RedeliverWebhooksRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RedeliverWebhooksResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRedeliverWebhooksMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service WebhookService.
   * <pre>
   * WebhookService keeps endpoints and tells what became of each delivery. Every event that an endpoint wants is delivered at least once,
   * with the same `webhook-id` each time.
   * </pre>
   */
  public static final class WebhookServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<WebhookServiceBlockingV2Stub> {
    private WebhookServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected WebhookServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new WebhookServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateWebhookEndpoint registers an endpoint, which gets nothing until it is verified. The answer alone holds its secret. Errors:
     * ALREADY_EXISTS, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.trunkline.v1.CreateWebhookEndpointResponse createWebhookEndpoint(dev.trunkline.v1.CreateWebhookEndpointRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetWebhookEndpoint returns one endpoint. Secrets are never returned.
     * </pre>
     */
    public dev.trunkline.v1.GetWebhookEndpointResponse getWebhookEndpoint(dev.trunkline.v1.GetWebhookEndpointRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListWebhookEndpoints lists the tenant's endpoints by id.
     * </pre>
     */
    public dev.trunkline.v1.ListWebhookEndpointsResponse listWebhookEndpoints(dev.trunkline.v1.ListWebhookEndpointsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListWebhookEndpointsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateWebhookEndpoint changes the masked fields. Another URL must be verified anew. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT.
     * </pre>
     */
    public dev.trunkline.v1.UpdateWebhookEndpointResponse updateWebhookEndpoint(dev.trunkline.v1.UpdateWebhookEndpointRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteWebhookEndpoint removes an endpoint with its secrets, deliveries and history.
     * </pre>
     */
    public dev.trunkline.v1.DeleteWebhookEndpointResponse deleteWebhookEndpoint(dev.trunkline.v1.DeleteWebhookEndpointRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * VerifyWebhookEndpoint sends a signed `webhook.verification` message, `{"type":…,"timestamp":…,"data":{"challenge":…}}`. An endpoint
     * that answers 2xx with the challenge in its body becomes ACTIVE, and gets the events from then on. Errors: FAILED_PRECONDITION.
     * </pre>
     */
    public dev.trunkline.v1.VerifyWebhookEndpointResponse verifyWebhookEndpoint(dev.trunkline.v1.VerifyWebhookEndpointRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getVerifyWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RotateWebhookSecret makes a new secret. Until the overlap is over each delivery carries the signatures of both.
     * </pre>
     */
    public dev.trunkline.v1.RotateWebhookSecretResponse rotateWebhookSecret(dev.trunkline.v1.RotateWebhookSecretRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRotateWebhookSecretMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListWebhookDeliveries lists deliveries, newest first: those that wait, those that were made, and the dead letters.
     * </pre>
     */
    public dev.trunkline.v1.ListWebhookDeliveriesResponse listWebhookDeliveries(dev.trunkline.v1.ListWebhookDeliveriesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListWebhookDeliveriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetWebhookDelivery returns a delivery with its event and every attempt.
     * </pre>
     */
    public dev.trunkline.v1.GetWebhookDeliveryResponse getWebhookDelivery(dev.trunkline.v1.GetWebhookDeliveryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetWebhookDeliveryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RedeliverWebhooks makes deliveries due now, and starts their schedules anew: one, or all dead letters of a time.
     * </pre>
     */
    public dev.trunkline.v1.RedeliverWebhooksResponse redeliverWebhooks(dev.trunkline.v1.RedeliverWebhooksRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRedeliverWebhooksMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service WebhookService.
   * <pre>
   * WebhookService keeps endpoints and tells what became of each delivery. Every event that an endpoint wants is delivered at least once,
   * with the same `webhook-id` each time.
   * </pre>
   */
  public static final class WebhookServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<WebhookServiceBlockingStub> {
    private WebhookServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected WebhookServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new WebhookServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateWebhookEndpoint registers an endpoint, which gets nothing until it is verified. The answer alone holds its secret. Errors:
     * ALREADY_EXISTS, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.trunkline.v1.CreateWebhookEndpointResponse createWebhookEndpoint(dev.trunkline.v1.CreateWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetWebhookEndpoint returns one endpoint. Secrets are never returned.
     * </pre>
     */
    public dev.trunkline.v1.GetWebhookEndpointResponse getWebhookEndpoint(dev.trunkline.v1.GetWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListWebhookEndpoints lists the tenant's endpoints by id.
     * </pre>
     */
    public dev.trunkline.v1.ListWebhookEndpointsResponse listWebhookEndpoints(dev.trunkline.v1.ListWebhookEndpointsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListWebhookEndpointsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateWebhookEndpoint changes the masked fields. Another URL must be verified anew. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT.
     * </pre>
     */
    public dev.trunkline.v1.UpdateWebhookEndpointResponse updateWebhookEndpoint(dev.trunkline.v1.UpdateWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteWebhookEndpoint removes an endpoint with its secrets, deliveries and history.
     * </pre>
     */
    public dev.trunkline.v1.DeleteWebhookEndpointResponse deleteWebhookEndpoint(dev.trunkline.v1.DeleteWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * VerifyWebhookEndpoint sends a signed `webhook.verification` message, `{"type":…,"timestamp":…,"data":{"challenge":…}}`. An endpoint
     * that answers 2xx with the challenge in its body becomes ACTIVE, and gets the events from then on. Errors: FAILED_PRECONDITION.
     * </pre>
     */
    public dev.trunkline.v1.VerifyWebhookEndpointResponse verifyWebhookEndpoint(dev.trunkline.v1.VerifyWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getVerifyWebhookEndpointMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RotateWebhookSecret makes a new secret. Until the overlap is over each delivery carries the signatures of both.
     * </pre>
     */
    public dev.trunkline.v1.RotateWebhookSecretResponse rotateWebhookSecret(dev.trunkline.v1.RotateWebhookSecretRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRotateWebhookSecretMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListWebhookDeliveries lists deliveries, newest first: those that wait, those that were made, and the dead letters.
     * </pre>
     */
    public dev.trunkline.v1.ListWebhookDeliveriesResponse listWebhookDeliveries(dev.trunkline.v1.ListWebhookDeliveriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListWebhookDeliveriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetWebhookDelivery returns a delivery with its event and every attempt.
     * </pre>
     */
    public dev.trunkline.v1.GetWebhookDeliveryResponse getWebhookDelivery(dev.trunkline.v1.GetWebhookDeliveryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetWebhookDeliveryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RedeliverWebhooks makes deliveries due now, and starts their schedules anew: one, or all dead letters of a time.
     * </pre>
     */
    public dev.trunkline.v1.RedeliverWebhooksResponse redeliverWebhooks(dev.trunkline.v1.RedeliverWebhooksRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRedeliverWebhooksMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service WebhookService.
   * <pre>
   * WebhookService keeps endpoints and tells what became of each delivery. Every event that an endpoint wants is delivered at least once,
   * with the same `webhook-id` each time.
   * </pre>
   */
  public static final class WebhookServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<WebhookServiceFutureStub> {
    private WebhookServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected WebhookServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new WebhookServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateWebhookEndpoint registers an endpoint, which gets nothing until it is verified. The answer alone holds its secret. Errors:
     * ALREADY_EXISTS, INVALID_ARGUMENT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.CreateWebhookEndpointResponse> createWebhookEndpoint(
        dev.trunkline.v1.CreateWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateWebhookEndpointMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetWebhookEndpoint returns one endpoint. Secrets are never returned.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetWebhookEndpointResponse> getWebhookEndpoint(
        dev.trunkline.v1.GetWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetWebhookEndpointMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListWebhookEndpoints lists the tenant's endpoints by id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListWebhookEndpointsResponse> listWebhookEndpoints(
        dev.trunkline.v1.ListWebhookEndpointsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListWebhookEndpointsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * UpdateWebhookEndpoint changes the masked fields. Another URL must be verified anew. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.UpdateWebhookEndpointResponse> updateWebhookEndpoint(
        dev.trunkline.v1.UpdateWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateWebhookEndpointMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * DeleteWebhookEndpoint removes an endpoint with its secrets, deliveries and history.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.DeleteWebhookEndpointResponse> deleteWebhookEndpoint(
        dev.trunkline.v1.DeleteWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteWebhookEndpointMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * VerifyWebhookEndpoint sends a signed `webhook.verification` message, `{"type":…,"timestamp":…,"data":{"challenge":…}}`. An endpoint
     * that answers 2xx with the challenge in its body becomes ACTIVE, and gets the events from then on. Errors: FAILED_PRECONDITION.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.VerifyWebhookEndpointResponse> verifyWebhookEndpoint(
        dev.trunkline.v1.VerifyWebhookEndpointRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getVerifyWebhookEndpointMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * RotateWebhookSecret makes a new secret. Until the overlap is over each delivery carries the signatures of both.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.RotateWebhookSecretResponse> rotateWebhookSecret(
        dev.trunkline.v1.RotateWebhookSecretRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRotateWebhookSecretMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListWebhookDeliveries lists deliveries, newest first: those that wait, those that were made, and the dead letters.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListWebhookDeliveriesResponse> listWebhookDeliveries(
        dev.trunkline.v1.ListWebhookDeliveriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListWebhookDeliveriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetWebhookDelivery returns a delivery with its event and every attempt.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetWebhookDeliveryResponse> getWebhookDelivery(
        dev.trunkline.v1.GetWebhookDeliveryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetWebhookDeliveryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * RedeliverWebhooks makes deliveries due now, and starts their schedules anew: one, or all dead letters of a time.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.RedeliverWebhooksResponse> redeliverWebhooks(
        dev.trunkline.v1.RedeliverWebhooksRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRedeliverWebhooksMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_WEBHOOK_ENDPOINT = 0;
  private static final int METHODID_GET_WEBHOOK_ENDPOINT = 1;
  private static final int METHODID_LIST_WEBHOOK_ENDPOINTS = 2;
  private static final int METHODID_UPDATE_WEBHOOK_ENDPOINT = 3;
  private static final int METHODID_DELETE_WEBHOOK_ENDPOINT = 4;
  private static final int METHODID_VERIFY_WEBHOOK_ENDPOINT = 5;
  private static final int METHODID_ROTATE_WEBHOOK_SECRET = 6;
  private static final int METHODID_LIST_WEBHOOK_DELIVERIES = 7;
  private static final int METHODID_GET_WEBHOOK_DELIVERY = 8;
  private static final int METHODID_REDELIVER_WEBHOOKS = 9;

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
        case METHODID_CREATE_WEBHOOK_ENDPOINT:
          serviceImpl.createWebhookEndpoint((dev.trunkline.v1.CreateWebhookEndpointRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateWebhookEndpointResponse>) responseObserver);
          break;
        case METHODID_GET_WEBHOOK_ENDPOINT:
          serviceImpl.getWebhookEndpoint((dev.trunkline.v1.GetWebhookEndpointRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetWebhookEndpointResponse>) responseObserver);
          break;
        case METHODID_LIST_WEBHOOK_ENDPOINTS:
          serviceImpl.listWebhookEndpoints((dev.trunkline.v1.ListWebhookEndpointsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListWebhookEndpointsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_WEBHOOK_ENDPOINT:
          serviceImpl.updateWebhookEndpoint((dev.trunkline.v1.UpdateWebhookEndpointRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateWebhookEndpointResponse>) responseObserver);
          break;
        case METHODID_DELETE_WEBHOOK_ENDPOINT:
          serviceImpl.deleteWebhookEndpoint((dev.trunkline.v1.DeleteWebhookEndpointRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteWebhookEndpointResponse>) responseObserver);
          break;
        case METHODID_VERIFY_WEBHOOK_ENDPOINT:
          serviceImpl.verifyWebhookEndpoint((dev.trunkline.v1.VerifyWebhookEndpointRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.VerifyWebhookEndpointResponse>) responseObserver);
          break;
        case METHODID_ROTATE_WEBHOOK_SECRET:
          serviceImpl.rotateWebhookSecret((dev.trunkline.v1.RotateWebhookSecretRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.RotateWebhookSecretResponse>) responseObserver);
          break;
        case METHODID_LIST_WEBHOOK_DELIVERIES:
          serviceImpl.listWebhookDeliveries((dev.trunkline.v1.ListWebhookDeliveriesRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListWebhookDeliveriesResponse>) responseObserver);
          break;
        case METHODID_GET_WEBHOOK_DELIVERY:
          serviceImpl.getWebhookDelivery((dev.trunkline.v1.GetWebhookDeliveryRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetWebhookDeliveryResponse>) responseObserver);
          break;
        case METHODID_REDELIVER_WEBHOOKS:
          serviceImpl.redeliverWebhooks((dev.trunkline.v1.RedeliverWebhooksRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.RedeliverWebhooksResponse>) responseObserver);
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
          getCreateWebhookEndpointMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.CreateWebhookEndpointRequest,
              dev.trunkline.v1.CreateWebhookEndpointResponse>(
                service, METHODID_CREATE_WEBHOOK_ENDPOINT)))
        .addMethod(
          getGetWebhookEndpointMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetWebhookEndpointRequest,
              dev.trunkline.v1.GetWebhookEndpointResponse>(
                service, METHODID_GET_WEBHOOK_ENDPOINT)))
        .addMethod(
          getListWebhookEndpointsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListWebhookEndpointsRequest,
              dev.trunkline.v1.ListWebhookEndpointsResponse>(
                service, METHODID_LIST_WEBHOOK_ENDPOINTS)))
        .addMethod(
          getUpdateWebhookEndpointMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.UpdateWebhookEndpointRequest,
              dev.trunkline.v1.UpdateWebhookEndpointResponse>(
                service, METHODID_UPDATE_WEBHOOK_ENDPOINT)))
        .addMethod(
          getDeleteWebhookEndpointMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.DeleteWebhookEndpointRequest,
              dev.trunkline.v1.DeleteWebhookEndpointResponse>(
                service, METHODID_DELETE_WEBHOOK_ENDPOINT)))
        .addMethod(
          getVerifyWebhookEndpointMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.VerifyWebhookEndpointRequest,
              dev.trunkline.v1.VerifyWebhookEndpointResponse>(
                service, METHODID_VERIFY_WEBHOOK_ENDPOINT)))
        .addMethod(
          getRotateWebhookSecretMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.RotateWebhookSecretRequest,
              dev.trunkline.v1.RotateWebhookSecretResponse>(
                service, METHODID_ROTATE_WEBHOOK_SECRET)))
        .addMethod(
          getListWebhookDeliveriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListWebhookDeliveriesRequest,
              dev.trunkline.v1.ListWebhookDeliveriesResponse>(
                service, METHODID_LIST_WEBHOOK_DELIVERIES)))
        .addMethod(
          getGetWebhookDeliveryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetWebhookDeliveryRequest,
              dev.trunkline.v1.GetWebhookDeliveryResponse>(
                service, METHODID_GET_WEBHOOK_DELIVERY)))
        .addMethod(
          getRedeliverWebhooksMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.RedeliverWebhooksRequest,
              dev.trunkline.v1.RedeliverWebhooksResponse>(
                service, METHODID_REDELIVER_WEBHOOKS)))
        .build();
  }

  private static abstract class WebhookServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    WebhookServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.trunkline.v1.WebhookProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("WebhookService");
    }
  }

  private static final class WebhookServiceFileDescriptorSupplier
      extends WebhookServiceBaseDescriptorSupplier {
    WebhookServiceFileDescriptorSupplier() {}
  }

  private static final class WebhookServiceMethodDescriptorSupplier
      extends WebhookServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    WebhookServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (WebhookServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new WebhookServiceFileDescriptorSupplier())
              .addMethod(getCreateWebhookEndpointMethod())
              .addMethod(getGetWebhookEndpointMethod())
              .addMethod(getListWebhookEndpointsMethod())
              .addMethod(getUpdateWebhookEndpointMethod())
              .addMethod(getDeleteWebhookEndpointMethod())
              .addMethod(getVerifyWebhookEndpointMethod())
              .addMethod(getRotateWebhookSecretMethod())
              .addMethod(getListWebhookDeliveriesMethod())
              .addMethod(getGetWebhookDeliveryMethod())
              .addMethod(getRedeliverWebhooksMethod())
              .build();
        }
      }
    }
    return result;
  }
}
