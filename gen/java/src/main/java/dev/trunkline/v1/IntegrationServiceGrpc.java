package dev.trunkline.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * IntegrationService keeps integrations and checks them.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class IntegrationServiceGrpc {

  private IntegrationServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "trunkline.v1.IntegrationService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.CreateIntegrationRequest,
      dev.trunkline.v1.CreateIntegrationResponse> getCreateIntegrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateIntegration",
      requestType = dev.trunkline.v1.CreateIntegrationRequest.class,
      responseType = dev.trunkline.v1.CreateIntegrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.CreateIntegrationRequest,
      dev.trunkline.v1.CreateIntegrationResponse> getCreateIntegrationMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.CreateIntegrationRequest, dev.trunkline.v1.CreateIntegrationResponse> getCreateIntegrationMethod;
    if ((getCreateIntegrationMethod = IntegrationServiceGrpc.getCreateIntegrationMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getCreateIntegrationMethod = IntegrationServiceGrpc.getCreateIntegrationMethod) == null) {
          IntegrationServiceGrpc.getCreateIntegrationMethod = getCreateIntegrationMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.CreateIntegrationRequest, dev.trunkline.v1.CreateIntegrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateIntegration"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateIntegrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateIntegrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("CreateIntegration"))
              .build();
        }
      }
    }
    return getCreateIntegrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetIntegrationRequest,
      dev.trunkline.v1.GetIntegrationResponse> getGetIntegrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetIntegration",
      requestType = dev.trunkline.v1.GetIntegrationRequest.class,
      responseType = dev.trunkline.v1.GetIntegrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetIntegrationRequest,
      dev.trunkline.v1.GetIntegrationResponse> getGetIntegrationMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetIntegrationRequest, dev.trunkline.v1.GetIntegrationResponse> getGetIntegrationMethod;
    if ((getGetIntegrationMethod = IntegrationServiceGrpc.getGetIntegrationMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getGetIntegrationMethod = IntegrationServiceGrpc.getGetIntegrationMethod) == null) {
          IntegrationServiceGrpc.getGetIntegrationMethod = getGetIntegrationMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetIntegrationRequest, dev.trunkline.v1.GetIntegrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetIntegration"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetIntegrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetIntegrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("GetIntegration"))
              .build();
        }
      }
    }
    return getGetIntegrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListIntegrationsRequest,
      dev.trunkline.v1.ListIntegrationsResponse> getListIntegrationsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListIntegrations",
      requestType = dev.trunkline.v1.ListIntegrationsRequest.class,
      responseType = dev.trunkline.v1.ListIntegrationsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListIntegrationsRequest,
      dev.trunkline.v1.ListIntegrationsResponse> getListIntegrationsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListIntegrationsRequest, dev.trunkline.v1.ListIntegrationsResponse> getListIntegrationsMethod;
    if ((getListIntegrationsMethod = IntegrationServiceGrpc.getListIntegrationsMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getListIntegrationsMethod = IntegrationServiceGrpc.getListIntegrationsMethod) == null) {
          IntegrationServiceGrpc.getListIntegrationsMethod = getListIntegrationsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListIntegrationsRequest, dev.trunkline.v1.ListIntegrationsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListIntegrations"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListIntegrationsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListIntegrationsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("ListIntegrations"))
              .build();
        }
      }
    }
    return getListIntegrationsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateIntegrationRequest,
      dev.trunkline.v1.UpdateIntegrationResponse> getUpdateIntegrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateIntegration",
      requestType = dev.trunkline.v1.UpdateIntegrationRequest.class,
      responseType = dev.trunkline.v1.UpdateIntegrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateIntegrationRequest,
      dev.trunkline.v1.UpdateIntegrationResponse> getUpdateIntegrationMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateIntegrationRequest, dev.trunkline.v1.UpdateIntegrationResponse> getUpdateIntegrationMethod;
    if ((getUpdateIntegrationMethod = IntegrationServiceGrpc.getUpdateIntegrationMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getUpdateIntegrationMethod = IntegrationServiceGrpc.getUpdateIntegrationMethod) == null) {
          IntegrationServiceGrpc.getUpdateIntegrationMethod = getUpdateIntegrationMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.UpdateIntegrationRequest, dev.trunkline.v1.UpdateIntegrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateIntegration"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.UpdateIntegrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.UpdateIntegrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("UpdateIntegration"))
              .build();
        }
      }
    }
    return getUpdateIntegrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteIntegrationRequest,
      dev.trunkline.v1.DeleteIntegrationResponse> getDeleteIntegrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteIntegration",
      requestType = dev.trunkline.v1.DeleteIntegrationRequest.class,
      responseType = dev.trunkline.v1.DeleteIntegrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteIntegrationRequest,
      dev.trunkline.v1.DeleteIntegrationResponse> getDeleteIntegrationMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteIntegrationRequest, dev.trunkline.v1.DeleteIntegrationResponse> getDeleteIntegrationMethod;
    if ((getDeleteIntegrationMethod = IntegrationServiceGrpc.getDeleteIntegrationMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getDeleteIntegrationMethod = IntegrationServiceGrpc.getDeleteIntegrationMethod) == null) {
          IntegrationServiceGrpc.getDeleteIntegrationMethod = getDeleteIntegrationMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.DeleteIntegrationRequest, dev.trunkline.v1.DeleteIntegrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteIntegration"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteIntegrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteIntegrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("DeleteIntegration"))
              .build();
        }
      }
    }
    return getDeleteIntegrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.CheckIntegrationRequest,
      dev.trunkline.v1.CheckIntegrationResponse> getCheckIntegrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CheckIntegration",
      requestType = dev.trunkline.v1.CheckIntegrationRequest.class,
      responseType = dev.trunkline.v1.CheckIntegrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.CheckIntegrationRequest,
      dev.trunkline.v1.CheckIntegrationResponse> getCheckIntegrationMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.CheckIntegrationRequest, dev.trunkline.v1.CheckIntegrationResponse> getCheckIntegrationMethod;
    if ((getCheckIntegrationMethod = IntegrationServiceGrpc.getCheckIntegrationMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getCheckIntegrationMethod = IntegrationServiceGrpc.getCheckIntegrationMethod) == null) {
          IntegrationServiceGrpc.getCheckIntegrationMethod = getCheckIntegrationMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.CheckIntegrationRequest, dev.trunkline.v1.CheckIntegrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CheckIntegration"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CheckIntegrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CheckIntegrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("CheckIntegration"))
              .build();
        }
      }
    }
    return getCheckIntegrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetIntegrationHealthRequest,
      dev.trunkline.v1.GetIntegrationHealthResponse> getGetIntegrationHealthMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetIntegrationHealth",
      requestType = dev.trunkline.v1.GetIntegrationHealthRequest.class,
      responseType = dev.trunkline.v1.GetIntegrationHealthResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetIntegrationHealthRequest,
      dev.trunkline.v1.GetIntegrationHealthResponse> getGetIntegrationHealthMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetIntegrationHealthRequest, dev.trunkline.v1.GetIntegrationHealthResponse> getGetIntegrationHealthMethod;
    if ((getGetIntegrationHealthMethod = IntegrationServiceGrpc.getGetIntegrationHealthMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getGetIntegrationHealthMethod = IntegrationServiceGrpc.getGetIntegrationHealthMethod) == null) {
          IntegrationServiceGrpc.getGetIntegrationHealthMethod = getGetIntegrationHealthMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetIntegrationHealthRequest, dev.trunkline.v1.GetIntegrationHealthResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetIntegrationHealth"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetIntegrationHealthRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetIntegrationHealthResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("GetIntegrationHealth"))
              .build();
        }
      }
    }
    return getGetIntegrationHealthMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListIntegrationVersionsRequest,
      dev.trunkline.v1.ListIntegrationVersionsResponse> getListIntegrationVersionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListIntegrationVersions",
      requestType = dev.trunkline.v1.ListIntegrationVersionsRequest.class,
      responseType = dev.trunkline.v1.ListIntegrationVersionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListIntegrationVersionsRequest,
      dev.trunkline.v1.ListIntegrationVersionsResponse> getListIntegrationVersionsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListIntegrationVersionsRequest, dev.trunkline.v1.ListIntegrationVersionsResponse> getListIntegrationVersionsMethod;
    if ((getListIntegrationVersionsMethod = IntegrationServiceGrpc.getListIntegrationVersionsMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getListIntegrationVersionsMethod = IntegrationServiceGrpc.getListIntegrationVersionsMethod) == null) {
          IntegrationServiceGrpc.getListIntegrationVersionsMethod = getListIntegrationVersionsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListIntegrationVersionsRequest, dev.trunkline.v1.ListIntegrationVersionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListIntegrationVersions"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListIntegrationVersionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListIntegrationVersionsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("ListIntegrationVersions"))
              .build();
        }
      }
    }
    return getListIntegrationVersionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.RollbackIntegrationRequest,
      dev.trunkline.v1.RollbackIntegrationResponse> getRollbackIntegrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RollbackIntegration",
      requestType = dev.trunkline.v1.RollbackIntegrationRequest.class,
      responseType = dev.trunkline.v1.RollbackIntegrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.RollbackIntegrationRequest,
      dev.trunkline.v1.RollbackIntegrationResponse> getRollbackIntegrationMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.RollbackIntegrationRequest, dev.trunkline.v1.RollbackIntegrationResponse> getRollbackIntegrationMethod;
    if ((getRollbackIntegrationMethod = IntegrationServiceGrpc.getRollbackIntegrationMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getRollbackIntegrationMethod = IntegrationServiceGrpc.getRollbackIntegrationMethod) == null) {
          IntegrationServiceGrpc.getRollbackIntegrationMethod = getRollbackIntegrationMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.RollbackIntegrationRequest, dev.trunkline.v1.RollbackIntegrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RollbackIntegration"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RollbackIntegrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RollbackIntegrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("RollbackIntegration"))
              .build();
        }
      }
    }
    return getRollbackIntegrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.RotateCredentialRequest,
      dev.trunkline.v1.RotateCredentialResponse> getRotateCredentialMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RotateCredential",
      requestType = dev.trunkline.v1.RotateCredentialRequest.class,
      responseType = dev.trunkline.v1.RotateCredentialResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.RotateCredentialRequest,
      dev.trunkline.v1.RotateCredentialResponse> getRotateCredentialMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.RotateCredentialRequest, dev.trunkline.v1.RotateCredentialResponse> getRotateCredentialMethod;
    if ((getRotateCredentialMethod = IntegrationServiceGrpc.getRotateCredentialMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getRotateCredentialMethod = IntegrationServiceGrpc.getRotateCredentialMethod) == null) {
          IntegrationServiceGrpc.getRotateCredentialMethod = getRotateCredentialMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.RotateCredentialRequest, dev.trunkline.v1.RotateCredentialResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RotateCredential"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RotateCredentialRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.RotateCredentialResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("RotateCredential"))
              .build();
        }
      }
    }
    return getRotateCredentialMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListConnectorsRequest,
      dev.trunkline.v1.ListConnectorsResponse> getListConnectorsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListConnectors",
      requestType = dev.trunkline.v1.ListConnectorsRequest.class,
      responseType = dev.trunkline.v1.ListConnectorsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListConnectorsRequest,
      dev.trunkline.v1.ListConnectorsResponse> getListConnectorsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListConnectorsRequest, dev.trunkline.v1.ListConnectorsResponse> getListConnectorsMethod;
    if ((getListConnectorsMethod = IntegrationServiceGrpc.getListConnectorsMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getListConnectorsMethod = IntegrationServiceGrpc.getListConnectorsMethod) == null) {
          IntegrationServiceGrpc.getListConnectorsMethod = getListConnectorsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListConnectorsRequest, dev.trunkline.v1.ListConnectorsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListConnectors"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListConnectorsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListConnectorsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("ListConnectors"))
              .build();
        }
      }
    }
    return getListConnectorsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ImportOpenApiRequest,
      dev.trunkline.v1.ImportOpenApiResponse> getImportOpenApiMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ImportOpenApi",
      requestType = dev.trunkline.v1.ImportOpenApiRequest.class,
      responseType = dev.trunkline.v1.ImportOpenApiResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ImportOpenApiRequest,
      dev.trunkline.v1.ImportOpenApiResponse> getImportOpenApiMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ImportOpenApiRequest, dev.trunkline.v1.ImportOpenApiResponse> getImportOpenApiMethod;
    if ((getImportOpenApiMethod = IntegrationServiceGrpc.getImportOpenApiMethod) == null) {
      synchronized (IntegrationServiceGrpc.class) {
        if ((getImportOpenApiMethod = IntegrationServiceGrpc.getImportOpenApiMethod) == null) {
          IntegrationServiceGrpc.getImportOpenApiMethod = getImportOpenApiMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ImportOpenApiRequest, dev.trunkline.v1.ImportOpenApiResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ImportOpenApi"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ImportOpenApiRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ImportOpenApiResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IntegrationServiceMethodDescriptorSupplier("ImportOpenApi"))
              .build();
        }
      }
    }
    return getImportOpenApiMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static IntegrationServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceStub>() {
        @java.lang.Override
        public IntegrationServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IntegrationServiceStub(channel, callOptions);
        }
      };
    return IntegrationServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static IntegrationServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceBlockingV2Stub>() {
        @java.lang.Override
        public IntegrationServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IntegrationServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return IntegrationServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static IntegrationServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceBlockingStub>() {
        @java.lang.Override
        public IntegrationServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IntegrationServiceBlockingStub(channel, callOptions);
        }
      };
    return IntegrationServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static IntegrationServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IntegrationServiceFutureStub>() {
        @java.lang.Override
        public IntegrationServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IntegrationServiceFutureStub(channel, callOptions);
        }
      };
    return IntegrationServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * IntegrationService keeps integrations and checks them.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * CreateIntegration registers an integration after a live check of it. Errors: ALREADY_EXISTS, INVALID_ARGUMENT (configuration),
     * FAILED_PRECONDITION (the live check failed; nothing was stored).
     * </pre>
     */
    default void createIntegration(dev.trunkline.v1.CreateIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateIntegrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateIntegrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetIntegration returns one integration. Secrets are never returned.
     * </pre>
     */
    default void getIntegration(dev.trunkline.v1.GetIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetIntegrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetIntegrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListIntegrations lists the tenant's integrations by id.
     * </pre>
     */
    default void listIntegrations(dev.trunkline.v1.ListIntegrationsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListIntegrationsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListIntegrationsMethod(), responseObserver);
    }

    /**
     * <pre>
     * UpdateIntegration changes the masked fields. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT, FAILED_PRECONDITION.
     * </pre>
     */
    default void updateIntegration(dev.trunkline.v1.UpdateIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateIntegrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateIntegrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * DeleteIntegration removes an integration and its credentials. Its history stays.
     * </pre>
     */
    default void deleteIntegration(dev.trunkline.v1.DeleteIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteIntegrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteIntegrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * CheckIntegration calls the system behind the integration now and reports what it found.
     * </pre>
     */
    default void checkIntegration(dev.trunkline.v1.CheckIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CheckIntegrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCheckIntegrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetIntegrationHealth returns how an integration did lately: its latencies, errors, breakers, quotas and checks.
     * </pre>
     */
    default void getIntegrationHealth(dev.trunkline.v1.GetIntegrationHealthRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetIntegrationHealthResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetIntegrationHealthMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListIntegrationVersions lists what an integration was like before, newest first. Secrets are no part of a version.
     * </pre>
     */
    default void listIntegrationVersions(dev.trunkline.v1.ListIntegrationVersionsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListIntegrationVersionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListIntegrationVersionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * RollbackIntegration makes an earlier version the newest one, after a live check of it. Errors: NOT_FOUND, ABORTED (etag),
     * INVALID_ARGUMENT (the version is not valid any more, or needs its secret anew), FAILED_PRECONDITION (the live check failed).
     * </pre>
     */
    default void rollbackIntegration(dev.trunkline.v1.RollbackIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RollbackIntegrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRollbackIntegrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * RotateCredential replaces a credential; the old one serves until the new one was checked.
     * </pre>
     */
    default void rotateCredential(dev.trunkline.v1.RotateCredentialRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RotateCredentialResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRotateCredentialMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListConnectors lists the providers and templates that an integration can be made of.
     * </pre>
     */
    default void listConnectors(dev.trunkline.v1.ListConnectorsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListConnectorsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListConnectorsMethod(), responseObserver);
    }

    /**
     * <pre>
     * ImportOpenApi turns an OpenAPI document into a configuration. Errors: INVALID_ARGUMENT with JSON pointers.
     * </pre>
     */
    default void importOpenApi(dev.trunkline.v1.ImportOpenApiRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ImportOpenApiResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getImportOpenApiMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service IntegrationService.
   * <pre>
   * IntegrationService keeps integrations and checks them.
   * </pre>
   */
  public static abstract class IntegrationServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return IntegrationServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service IntegrationService.
   * <pre>
   * IntegrationService keeps integrations and checks them.
   * </pre>
   */
  public static final class IntegrationServiceStub
      extends io.grpc.stub.AbstractAsyncStub<IntegrationServiceStub> {
    private IntegrationServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IntegrationServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IntegrationServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateIntegration registers an integration after a live check of it. Errors: ALREADY_EXISTS, INVALID_ARGUMENT (configuration),
     * FAILED_PRECONDITION (the live check failed; nothing was stored).
     * </pre>
     */
    public void createIntegration(dev.trunkline.v1.CreateIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateIntegrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateIntegrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetIntegration returns one integration. Secrets are never returned.
     * </pre>
     */
    public void getIntegration(dev.trunkline.v1.GetIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetIntegrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetIntegrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListIntegrations lists the tenant's integrations by id.
     * </pre>
     */
    public void listIntegrations(dev.trunkline.v1.ListIntegrationsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListIntegrationsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListIntegrationsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * UpdateIntegration changes the masked fields. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT, FAILED_PRECONDITION.
     * </pre>
     */
    public void updateIntegration(dev.trunkline.v1.UpdateIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateIntegrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateIntegrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * DeleteIntegration removes an integration and its credentials. Its history stays.
     * </pre>
     */
    public void deleteIntegration(dev.trunkline.v1.DeleteIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteIntegrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteIntegrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * CheckIntegration calls the system behind the integration now and reports what it found.
     * </pre>
     */
    public void checkIntegration(dev.trunkline.v1.CheckIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CheckIntegrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCheckIntegrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetIntegrationHealth returns how an integration did lately: its latencies, errors, breakers, quotas and checks.
     * </pre>
     */
    public void getIntegrationHealth(dev.trunkline.v1.GetIntegrationHealthRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetIntegrationHealthResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetIntegrationHealthMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListIntegrationVersions lists what an integration was like before, newest first. Secrets are no part of a version.
     * </pre>
     */
    public void listIntegrationVersions(dev.trunkline.v1.ListIntegrationVersionsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListIntegrationVersionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListIntegrationVersionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * RollbackIntegration makes an earlier version the newest one, after a live check of it. Errors: NOT_FOUND, ABORTED (etag),
     * INVALID_ARGUMENT (the version is not valid any more, or needs its secret anew), FAILED_PRECONDITION (the live check failed).
     * </pre>
     */
    public void rollbackIntegration(dev.trunkline.v1.RollbackIntegrationRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RollbackIntegrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRollbackIntegrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * RotateCredential replaces a credential; the old one serves until the new one was checked.
     * </pre>
     */
    public void rotateCredential(dev.trunkline.v1.RotateCredentialRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.RotateCredentialResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRotateCredentialMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListConnectors lists the providers and templates that an integration can be made of.
     * </pre>
     */
    public void listConnectors(dev.trunkline.v1.ListConnectorsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListConnectorsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListConnectorsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ImportOpenApi turns an OpenAPI document into a configuration. Errors: INVALID_ARGUMENT with JSON pointers.
     * </pre>
     */
    public void importOpenApi(dev.trunkline.v1.ImportOpenApiRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ImportOpenApiResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getImportOpenApiMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service IntegrationService.
   * <pre>
   * IntegrationService keeps integrations and checks them.
   * </pre>
   */
  public static final class IntegrationServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<IntegrationServiceBlockingV2Stub> {
    private IntegrationServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IntegrationServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IntegrationServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateIntegration registers an integration after a live check of it. Errors: ALREADY_EXISTS, INVALID_ARGUMENT (configuration),
     * FAILED_PRECONDITION (the live check failed; nothing was stored).
     * </pre>
     */
    public dev.trunkline.v1.CreateIntegrationResponse createIntegration(dev.trunkline.v1.CreateIntegrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetIntegration returns one integration. Secrets are never returned.
     * </pre>
     */
    public dev.trunkline.v1.GetIntegrationResponse getIntegration(dev.trunkline.v1.GetIntegrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListIntegrations lists the tenant's integrations by id.
     * </pre>
     */
    public dev.trunkline.v1.ListIntegrationsResponse listIntegrations(dev.trunkline.v1.ListIntegrationsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListIntegrationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateIntegration changes the masked fields. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT, FAILED_PRECONDITION.
     * </pre>
     */
    public dev.trunkline.v1.UpdateIntegrationResponse updateIntegration(dev.trunkline.v1.UpdateIntegrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteIntegration removes an integration and its credentials. Its history stays.
     * </pre>
     */
    public dev.trunkline.v1.DeleteIntegrationResponse deleteIntegration(dev.trunkline.v1.DeleteIntegrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CheckIntegration calls the system behind the integration now and reports what it found.
     * </pre>
     */
    public dev.trunkline.v1.CheckIntegrationResponse checkIntegration(dev.trunkline.v1.CheckIntegrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCheckIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetIntegrationHealth returns how an integration did lately: its latencies, errors, breakers, quotas and checks.
     * </pre>
     */
    public dev.trunkline.v1.GetIntegrationHealthResponse getIntegrationHealth(dev.trunkline.v1.GetIntegrationHealthRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetIntegrationHealthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListIntegrationVersions lists what an integration was like before, newest first. Secrets are no part of a version.
     * </pre>
     */
    public dev.trunkline.v1.ListIntegrationVersionsResponse listIntegrationVersions(dev.trunkline.v1.ListIntegrationVersionsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListIntegrationVersionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RollbackIntegration makes an earlier version the newest one, after a live check of it. Errors: NOT_FOUND, ABORTED (etag),
     * INVALID_ARGUMENT (the version is not valid any more, or needs its secret anew), FAILED_PRECONDITION (the live check failed).
     * </pre>
     */
    public dev.trunkline.v1.RollbackIntegrationResponse rollbackIntegration(dev.trunkline.v1.RollbackIntegrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRollbackIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RotateCredential replaces a credential; the old one serves until the new one was checked.
     * </pre>
     */
    public dev.trunkline.v1.RotateCredentialResponse rotateCredential(dev.trunkline.v1.RotateCredentialRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRotateCredentialMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListConnectors lists the providers and templates that an integration can be made of.
     * </pre>
     */
    public dev.trunkline.v1.ListConnectorsResponse listConnectors(dev.trunkline.v1.ListConnectorsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListConnectorsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ImportOpenApi turns an OpenAPI document into a configuration. Errors: INVALID_ARGUMENT with JSON pointers.
     * </pre>
     */
    public dev.trunkline.v1.ImportOpenApiResponse importOpenApi(dev.trunkline.v1.ImportOpenApiRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getImportOpenApiMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service IntegrationService.
   * <pre>
   * IntegrationService keeps integrations and checks them.
   * </pre>
   */
  public static final class IntegrationServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<IntegrationServiceBlockingStub> {
    private IntegrationServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IntegrationServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IntegrationServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateIntegration registers an integration after a live check of it. Errors: ALREADY_EXISTS, INVALID_ARGUMENT (configuration),
     * FAILED_PRECONDITION (the live check failed; nothing was stored).
     * </pre>
     */
    public dev.trunkline.v1.CreateIntegrationResponse createIntegration(dev.trunkline.v1.CreateIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetIntegration returns one integration. Secrets are never returned.
     * </pre>
     */
    public dev.trunkline.v1.GetIntegrationResponse getIntegration(dev.trunkline.v1.GetIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListIntegrations lists the tenant's integrations by id.
     * </pre>
     */
    public dev.trunkline.v1.ListIntegrationsResponse listIntegrations(dev.trunkline.v1.ListIntegrationsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListIntegrationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateIntegration changes the masked fields. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT, FAILED_PRECONDITION.
     * </pre>
     */
    public dev.trunkline.v1.UpdateIntegrationResponse updateIntegration(dev.trunkline.v1.UpdateIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteIntegration removes an integration and its credentials. Its history stays.
     * </pre>
     */
    public dev.trunkline.v1.DeleteIntegrationResponse deleteIntegration(dev.trunkline.v1.DeleteIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CheckIntegration calls the system behind the integration now and reports what it found.
     * </pre>
     */
    public dev.trunkline.v1.CheckIntegrationResponse checkIntegration(dev.trunkline.v1.CheckIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCheckIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetIntegrationHealth returns how an integration did lately: its latencies, errors, breakers, quotas and checks.
     * </pre>
     */
    public dev.trunkline.v1.GetIntegrationHealthResponse getIntegrationHealth(dev.trunkline.v1.GetIntegrationHealthRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetIntegrationHealthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListIntegrationVersions lists what an integration was like before, newest first. Secrets are no part of a version.
     * </pre>
     */
    public dev.trunkline.v1.ListIntegrationVersionsResponse listIntegrationVersions(dev.trunkline.v1.ListIntegrationVersionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListIntegrationVersionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RollbackIntegration makes an earlier version the newest one, after a live check of it. Errors: NOT_FOUND, ABORTED (etag),
     * INVALID_ARGUMENT (the version is not valid any more, or needs its secret anew), FAILED_PRECONDITION (the live check failed).
     * </pre>
     */
    public dev.trunkline.v1.RollbackIntegrationResponse rollbackIntegration(dev.trunkline.v1.RollbackIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRollbackIntegrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RotateCredential replaces a credential; the old one serves until the new one was checked.
     * </pre>
     */
    public dev.trunkline.v1.RotateCredentialResponse rotateCredential(dev.trunkline.v1.RotateCredentialRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRotateCredentialMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListConnectors lists the providers and templates that an integration can be made of.
     * </pre>
     */
    public dev.trunkline.v1.ListConnectorsResponse listConnectors(dev.trunkline.v1.ListConnectorsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListConnectorsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ImportOpenApi turns an OpenAPI document into a configuration. Errors: INVALID_ARGUMENT with JSON pointers.
     * </pre>
     */
    public dev.trunkline.v1.ImportOpenApiResponse importOpenApi(dev.trunkline.v1.ImportOpenApiRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getImportOpenApiMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service IntegrationService.
   * <pre>
   * IntegrationService keeps integrations and checks them.
   * </pre>
   */
  public static final class IntegrationServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<IntegrationServiceFutureStub> {
    private IntegrationServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IntegrationServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IntegrationServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateIntegration registers an integration after a live check of it. Errors: ALREADY_EXISTS, INVALID_ARGUMENT (configuration),
     * FAILED_PRECONDITION (the live check failed; nothing was stored).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.CreateIntegrationResponse> createIntegration(
        dev.trunkline.v1.CreateIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateIntegrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetIntegration returns one integration. Secrets are never returned.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetIntegrationResponse> getIntegration(
        dev.trunkline.v1.GetIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetIntegrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListIntegrations lists the tenant's integrations by id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListIntegrationsResponse> listIntegrations(
        dev.trunkline.v1.ListIntegrationsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListIntegrationsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * UpdateIntegration changes the masked fields. Errors: NOT_FOUND, ABORTED (etag), INVALID_ARGUMENT, FAILED_PRECONDITION.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.UpdateIntegrationResponse> updateIntegration(
        dev.trunkline.v1.UpdateIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateIntegrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * DeleteIntegration removes an integration and its credentials. Its history stays.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.DeleteIntegrationResponse> deleteIntegration(
        dev.trunkline.v1.DeleteIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteIntegrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * CheckIntegration calls the system behind the integration now and reports what it found.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.CheckIntegrationResponse> checkIntegration(
        dev.trunkline.v1.CheckIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCheckIntegrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetIntegrationHealth returns how an integration did lately: its latencies, errors, breakers, quotas and checks.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetIntegrationHealthResponse> getIntegrationHealth(
        dev.trunkline.v1.GetIntegrationHealthRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetIntegrationHealthMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListIntegrationVersions lists what an integration was like before, newest first. Secrets are no part of a version.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListIntegrationVersionsResponse> listIntegrationVersions(
        dev.trunkline.v1.ListIntegrationVersionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListIntegrationVersionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * RollbackIntegration makes an earlier version the newest one, after a live check of it. Errors: NOT_FOUND, ABORTED (etag),
     * INVALID_ARGUMENT (the version is not valid any more, or needs its secret anew), FAILED_PRECONDITION (the live check failed).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.RollbackIntegrationResponse> rollbackIntegration(
        dev.trunkline.v1.RollbackIntegrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRollbackIntegrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * RotateCredential replaces a credential; the old one serves until the new one was checked.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.RotateCredentialResponse> rotateCredential(
        dev.trunkline.v1.RotateCredentialRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRotateCredentialMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListConnectors lists the providers and templates that an integration can be made of.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListConnectorsResponse> listConnectors(
        dev.trunkline.v1.ListConnectorsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListConnectorsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ImportOpenApi turns an OpenAPI document into a configuration. Errors: INVALID_ARGUMENT with JSON pointers.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ImportOpenApiResponse> importOpenApi(
        dev.trunkline.v1.ImportOpenApiRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getImportOpenApiMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_INTEGRATION = 0;
  private static final int METHODID_GET_INTEGRATION = 1;
  private static final int METHODID_LIST_INTEGRATIONS = 2;
  private static final int METHODID_UPDATE_INTEGRATION = 3;
  private static final int METHODID_DELETE_INTEGRATION = 4;
  private static final int METHODID_CHECK_INTEGRATION = 5;
  private static final int METHODID_GET_INTEGRATION_HEALTH = 6;
  private static final int METHODID_LIST_INTEGRATION_VERSIONS = 7;
  private static final int METHODID_ROLLBACK_INTEGRATION = 8;
  private static final int METHODID_ROTATE_CREDENTIAL = 9;
  private static final int METHODID_LIST_CONNECTORS = 10;
  private static final int METHODID_IMPORT_OPEN_API = 11;

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
        case METHODID_CREATE_INTEGRATION:
          serviceImpl.createIntegration((dev.trunkline.v1.CreateIntegrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateIntegrationResponse>) responseObserver);
          break;
        case METHODID_GET_INTEGRATION:
          serviceImpl.getIntegration((dev.trunkline.v1.GetIntegrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetIntegrationResponse>) responseObserver);
          break;
        case METHODID_LIST_INTEGRATIONS:
          serviceImpl.listIntegrations((dev.trunkline.v1.ListIntegrationsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListIntegrationsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_INTEGRATION:
          serviceImpl.updateIntegration((dev.trunkline.v1.UpdateIntegrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateIntegrationResponse>) responseObserver);
          break;
        case METHODID_DELETE_INTEGRATION:
          serviceImpl.deleteIntegration((dev.trunkline.v1.DeleteIntegrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteIntegrationResponse>) responseObserver);
          break;
        case METHODID_CHECK_INTEGRATION:
          serviceImpl.checkIntegration((dev.trunkline.v1.CheckIntegrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.CheckIntegrationResponse>) responseObserver);
          break;
        case METHODID_GET_INTEGRATION_HEALTH:
          serviceImpl.getIntegrationHealth((dev.trunkline.v1.GetIntegrationHealthRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetIntegrationHealthResponse>) responseObserver);
          break;
        case METHODID_LIST_INTEGRATION_VERSIONS:
          serviceImpl.listIntegrationVersions((dev.trunkline.v1.ListIntegrationVersionsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListIntegrationVersionsResponse>) responseObserver);
          break;
        case METHODID_ROLLBACK_INTEGRATION:
          serviceImpl.rollbackIntegration((dev.trunkline.v1.RollbackIntegrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.RollbackIntegrationResponse>) responseObserver);
          break;
        case METHODID_ROTATE_CREDENTIAL:
          serviceImpl.rotateCredential((dev.trunkline.v1.RotateCredentialRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.RotateCredentialResponse>) responseObserver);
          break;
        case METHODID_LIST_CONNECTORS:
          serviceImpl.listConnectors((dev.trunkline.v1.ListConnectorsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListConnectorsResponse>) responseObserver);
          break;
        case METHODID_IMPORT_OPEN_API:
          serviceImpl.importOpenApi((dev.trunkline.v1.ImportOpenApiRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ImportOpenApiResponse>) responseObserver);
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
          getCreateIntegrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.CreateIntegrationRequest,
              dev.trunkline.v1.CreateIntegrationResponse>(
                service, METHODID_CREATE_INTEGRATION)))
        .addMethod(
          getGetIntegrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetIntegrationRequest,
              dev.trunkline.v1.GetIntegrationResponse>(
                service, METHODID_GET_INTEGRATION)))
        .addMethod(
          getListIntegrationsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListIntegrationsRequest,
              dev.trunkline.v1.ListIntegrationsResponse>(
                service, METHODID_LIST_INTEGRATIONS)))
        .addMethod(
          getUpdateIntegrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.UpdateIntegrationRequest,
              dev.trunkline.v1.UpdateIntegrationResponse>(
                service, METHODID_UPDATE_INTEGRATION)))
        .addMethod(
          getDeleteIntegrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.DeleteIntegrationRequest,
              dev.trunkline.v1.DeleteIntegrationResponse>(
                service, METHODID_DELETE_INTEGRATION)))
        .addMethod(
          getCheckIntegrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.CheckIntegrationRequest,
              dev.trunkline.v1.CheckIntegrationResponse>(
                service, METHODID_CHECK_INTEGRATION)))
        .addMethod(
          getGetIntegrationHealthMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetIntegrationHealthRequest,
              dev.trunkline.v1.GetIntegrationHealthResponse>(
                service, METHODID_GET_INTEGRATION_HEALTH)))
        .addMethod(
          getListIntegrationVersionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListIntegrationVersionsRequest,
              dev.trunkline.v1.ListIntegrationVersionsResponse>(
                service, METHODID_LIST_INTEGRATION_VERSIONS)))
        .addMethod(
          getRollbackIntegrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.RollbackIntegrationRequest,
              dev.trunkline.v1.RollbackIntegrationResponse>(
                service, METHODID_ROLLBACK_INTEGRATION)))
        .addMethod(
          getRotateCredentialMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.RotateCredentialRequest,
              dev.trunkline.v1.RotateCredentialResponse>(
                service, METHODID_ROTATE_CREDENTIAL)))
        .addMethod(
          getListConnectorsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListConnectorsRequest,
              dev.trunkline.v1.ListConnectorsResponse>(
                service, METHODID_LIST_CONNECTORS)))
        .addMethod(
          getImportOpenApiMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ImportOpenApiRequest,
              dev.trunkline.v1.ImportOpenApiResponse>(
                service, METHODID_IMPORT_OPEN_API)))
        .build();
  }

  private static abstract class IntegrationServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    IntegrationServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.trunkline.v1.IntegrationProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("IntegrationService");
    }
  }

  private static final class IntegrationServiceFileDescriptorSupplier
      extends IntegrationServiceBaseDescriptorSupplier {
    IntegrationServiceFileDescriptorSupplier() {}
  }

  private static final class IntegrationServiceMethodDescriptorSupplier
      extends IntegrationServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    IntegrationServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (IntegrationServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new IntegrationServiceFileDescriptorSupplier())
              .addMethod(getCreateIntegrationMethod())
              .addMethod(getGetIntegrationMethod())
              .addMethod(getListIntegrationsMethod())
              .addMethod(getUpdateIntegrationMethod())
              .addMethod(getDeleteIntegrationMethod())
              .addMethod(getCheckIntegrationMethod())
              .addMethod(getGetIntegrationHealthMethod())
              .addMethod(getListIntegrationVersionsMethod())
              .addMethod(getRollbackIntegrationMethod())
              .addMethod(getRotateCredentialMethod())
              .addMethod(getListConnectorsMethod())
              .addMethod(getImportOpenApiMethod())
              .build();
        }
      }
    }
    return result;
  }
}
