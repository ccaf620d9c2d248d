package dev.trunkline.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * PolicyService keeps routing policies, task mappings and experiments. A change is refused as a whole, with the paths of its
 * fields, when it could not be followed: an unknown model, an empty chain, a cycle, weights or shares that do not add up. It is in
 * force in every worker within a second.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class PolicyServiceGrpc {

  private PolicyServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "trunkline.v1.PolicyService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.CreateRoutingPolicyRequest,
      dev.trunkline.v1.CreateRoutingPolicyResponse> getCreateRoutingPolicyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateRoutingPolicy",
      requestType = dev.trunkline.v1.CreateRoutingPolicyRequest.class,
      responseType = dev.trunkline.v1.CreateRoutingPolicyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.CreateRoutingPolicyRequest,
      dev.trunkline.v1.CreateRoutingPolicyResponse> getCreateRoutingPolicyMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.CreateRoutingPolicyRequest, dev.trunkline.v1.CreateRoutingPolicyResponse> getCreateRoutingPolicyMethod;
    if ((getCreateRoutingPolicyMethod = PolicyServiceGrpc.getCreateRoutingPolicyMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getCreateRoutingPolicyMethod = PolicyServiceGrpc.getCreateRoutingPolicyMethod) == null) {
          PolicyServiceGrpc.getCreateRoutingPolicyMethod = getCreateRoutingPolicyMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.CreateRoutingPolicyRequest, dev.trunkline.v1.CreateRoutingPolicyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateRoutingPolicy"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateRoutingPolicyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateRoutingPolicyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("CreateRoutingPolicy"))
              .build();
        }
      }
    }
    return getCreateRoutingPolicyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetRoutingPolicyRequest,
      dev.trunkline.v1.GetRoutingPolicyResponse> getGetRoutingPolicyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetRoutingPolicy",
      requestType = dev.trunkline.v1.GetRoutingPolicyRequest.class,
      responseType = dev.trunkline.v1.GetRoutingPolicyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetRoutingPolicyRequest,
      dev.trunkline.v1.GetRoutingPolicyResponse> getGetRoutingPolicyMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetRoutingPolicyRequest, dev.trunkline.v1.GetRoutingPolicyResponse> getGetRoutingPolicyMethod;
    if ((getGetRoutingPolicyMethod = PolicyServiceGrpc.getGetRoutingPolicyMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getGetRoutingPolicyMethod = PolicyServiceGrpc.getGetRoutingPolicyMethod) == null) {
          PolicyServiceGrpc.getGetRoutingPolicyMethod = getGetRoutingPolicyMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetRoutingPolicyRequest, dev.trunkline.v1.GetRoutingPolicyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetRoutingPolicy"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetRoutingPolicyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetRoutingPolicyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("GetRoutingPolicy"))
              .build();
        }
      }
    }
    return getGetRoutingPolicyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListRoutingPoliciesRequest,
      dev.trunkline.v1.ListRoutingPoliciesResponse> getListRoutingPoliciesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListRoutingPolicies",
      requestType = dev.trunkline.v1.ListRoutingPoliciesRequest.class,
      responseType = dev.trunkline.v1.ListRoutingPoliciesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListRoutingPoliciesRequest,
      dev.trunkline.v1.ListRoutingPoliciesResponse> getListRoutingPoliciesMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListRoutingPoliciesRequest, dev.trunkline.v1.ListRoutingPoliciesResponse> getListRoutingPoliciesMethod;
    if ((getListRoutingPoliciesMethod = PolicyServiceGrpc.getListRoutingPoliciesMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getListRoutingPoliciesMethod = PolicyServiceGrpc.getListRoutingPoliciesMethod) == null) {
          PolicyServiceGrpc.getListRoutingPoliciesMethod = getListRoutingPoliciesMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListRoutingPoliciesRequest, dev.trunkline.v1.ListRoutingPoliciesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListRoutingPolicies"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRoutingPoliciesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRoutingPoliciesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("ListRoutingPolicies"))
              .build();
        }
      }
    }
    return getListRoutingPoliciesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateRoutingPolicyRequest,
      dev.trunkline.v1.UpdateRoutingPolicyResponse> getUpdateRoutingPolicyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateRoutingPolicy",
      requestType = dev.trunkline.v1.UpdateRoutingPolicyRequest.class,
      responseType = dev.trunkline.v1.UpdateRoutingPolicyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateRoutingPolicyRequest,
      dev.trunkline.v1.UpdateRoutingPolicyResponse> getUpdateRoutingPolicyMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.UpdateRoutingPolicyRequest, dev.trunkline.v1.UpdateRoutingPolicyResponse> getUpdateRoutingPolicyMethod;
    if ((getUpdateRoutingPolicyMethod = PolicyServiceGrpc.getUpdateRoutingPolicyMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getUpdateRoutingPolicyMethod = PolicyServiceGrpc.getUpdateRoutingPolicyMethod) == null) {
          PolicyServiceGrpc.getUpdateRoutingPolicyMethod = getUpdateRoutingPolicyMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.UpdateRoutingPolicyRequest, dev.trunkline.v1.UpdateRoutingPolicyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateRoutingPolicy"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.UpdateRoutingPolicyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.UpdateRoutingPolicyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("UpdateRoutingPolicy"))
              .build();
        }
      }
    }
    return getUpdateRoutingPolicyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteRoutingPolicyRequest,
      dev.trunkline.v1.DeleteRoutingPolicyResponse> getDeleteRoutingPolicyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteRoutingPolicy",
      requestType = dev.trunkline.v1.DeleteRoutingPolicyRequest.class,
      responseType = dev.trunkline.v1.DeleteRoutingPolicyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteRoutingPolicyRequest,
      dev.trunkline.v1.DeleteRoutingPolicyResponse> getDeleteRoutingPolicyMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteRoutingPolicyRequest, dev.trunkline.v1.DeleteRoutingPolicyResponse> getDeleteRoutingPolicyMethod;
    if ((getDeleteRoutingPolicyMethod = PolicyServiceGrpc.getDeleteRoutingPolicyMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getDeleteRoutingPolicyMethod = PolicyServiceGrpc.getDeleteRoutingPolicyMethod) == null) {
          PolicyServiceGrpc.getDeleteRoutingPolicyMethod = getDeleteRoutingPolicyMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.DeleteRoutingPolicyRequest, dev.trunkline.v1.DeleteRoutingPolicyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteRoutingPolicy"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteRoutingPolicyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteRoutingPolicyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("DeleteRoutingPolicy"))
              .build();
        }
      }
    }
    return getDeleteRoutingPolicyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListTaskMappingsRequest,
      dev.trunkline.v1.ListTaskMappingsResponse> getListTaskMappingsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTaskMappings",
      requestType = dev.trunkline.v1.ListTaskMappingsRequest.class,
      responseType = dev.trunkline.v1.ListTaskMappingsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListTaskMappingsRequest,
      dev.trunkline.v1.ListTaskMappingsResponse> getListTaskMappingsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListTaskMappingsRequest, dev.trunkline.v1.ListTaskMappingsResponse> getListTaskMappingsMethod;
    if ((getListTaskMappingsMethod = PolicyServiceGrpc.getListTaskMappingsMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getListTaskMappingsMethod = PolicyServiceGrpc.getListTaskMappingsMethod) == null) {
          PolicyServiceGrpc.getListTaskMappingsMethod = getListTaskMappingsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListTaskMappingsRequest, dev.trunkline.v1.ListTaskMappingsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTaskMappings"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListTaskMappingsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListTaskMappingsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("ListTaskMappings"))
              .build();
        }
      }
    }
    return getListTaskMappingsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.SetTaskMappingRequest,
      dev.trunkline.v1.SetTaskMappingResponse> getSetTaskMappingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetTaskMapping",
      requestType = dev.trunkline.v1.SetTaskMappingRequest.class,
      responseType = dev.trunkline.v1.SetTaskMappingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.SetTaskMappingRequest,
      dev.trunkline.v1.SetTaskMappingResponse> getSetTaskMappingMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.SetTaskMappingRequest, dev.trunkline.v1.SetTaskMappingResponse> getSetTaskMappingMethod;
    if ((getSetTaskMappingMethod = PolicyServiceGrpc.getSetTaskMappingMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getSetTaskMappingMethod = PolicyServiceGrpc.getSetTaskMappingMethod) == null) {
          PolicyServiceGrpc.getSetTaskMappingMethod = getSetTaskMappingMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.SetTaskMappingRequest, dev.trunkline.v1.SetTaskMappingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetTaskMapping"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.SetTaskMappingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.SetTaskMappingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("SetTaskMapping"))
              .build();
        }
      }
    }
    return getSetTaskMappingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteTaskMappingRequest,
      dev.trunkline.v1.DeleteTaskMappingResponse> getDeleteTaskMappingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteTaskMapping",
      requestType = dev.trunkline.v1.DeleteTaskMappingRequest.class,
      responseType = dev.trunkline.v1.DeleteTaskMappingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteTaskMappingRequest,
      dev.trunkline.v1.DeleteTaskMappingResponse> getDeleteTaskMappingMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.DeleteTaskMappingRequest, dev.trunkline.v1.DeleteTaskMappingResponse> getDeleteTaskMappingMethod;
    if ((getDeleteTaskMappingMethod = PolicyServiceGrpc.getDeleteTaskMappingMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getDeleteTaskMappingMethod = PolicyServiceGrpc.getDeleteTaskMappingMethod) == null) {
          PolicyServiceGrpc.getDeleteTaskMappingMethod = getDeleteTaskMappingMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.DeleteTaskMappingRequest, dev.trunkline.v1.DeleteTaskMappingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteTaskMapping"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteTaskMappingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.DeleteTaskMappingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("DeleteTaskMapping"))
              .build();
        }
      }
    }
    return getDeleteTaskMappingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.CreateExperimentRequest,
      dev.trunkline.v1.CreateExperimentResponse> getCreateExperimentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateExperiment",
      requestType = dev.trunkline.v1.CreateExperimentRequest.class,
      responseType = dev.trunkline.v1.CreateExperimentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.CreateExperimentRequest,
      dev.trunkline.v1.CreateExperimentResponse> getCreateExperimentMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.CreateExperimentRequest, dev.trunkline.v1.CreateExperimentResponse> getCreateExperimentMethod;
    if ((getCreateExperimentMethod = PolicyServiceGrpc.getCreateExperimentMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getCreateExperimentMethod = PolicyServiceGrpc.getCreateExperimentMethod) == null) {
          PolicyServiceGrpc.getCreateExperimentMethod = getCreateExperimentMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.CreateExperimentRequest, dev.trunkline.v1.CreateExperimentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateExperiment"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateExperimentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.CreateExperimentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("CreateExperiment"))
              .build();
        }
      }
    }
    return getCreateExperimentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetExperimentRequest,
      dev.trunkline.v1.GetExperimentResponse> getGetExperimentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetExperiment",
      requestType = dev.trunkline.v1.GetExperimentRequest.class,
      responseType = dev.trunkline.v1.GetExperimentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetExperimentRequest,
      dev.trunkline.v1.GetExperimentResponse> getGetExperimentMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetExperimentRequest, dev.trunkline.v1.GetExperimentResponse> getGetExperimentMethod;
    if ((getGetExperimentMethod = PolicyServiceGrpc.getGetExperimentMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getGetExperimentMethod = PolicyServiceGrpc.getGetExperimentMethod) == null) {
          PolicyServiceGrpc.getGetExperimentMethod = getGetExperimentMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetExperimentRequest, dev.trunkline.v1.GetExperimentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetExperiment"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetExperimentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetExperimentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("GetExperiment"))
              .build();
        }
      }
    }
    return getGetExperimentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListExperimentsRequest,
      dev.trunkline.v1.ListExperimentsResponse> getListExperimentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListExperiments",
      requestType = dev.trunkline.v1.ListExperimentsRequest.class,
      responseType = dev.trunkline.v1.ListExperimentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListExperimentsRequest,
      dev.trunkline.v1.ListExperimentsResponse> getListExperimentsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListExperimentsRequest, dev.trunkline.v1.ListExperimentsResponse> getListExperimentsMethod;
    if ((getListExperimentsMethod = PolicyServiceGrpc.getListExperimentsMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getListExperimentsMethod = PolicyServiceGrpc.getListExperimentsMethod) == null) {
          PolicyServiceGrpc.getListExperimentsMethod = getListExperimentsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListExperimentsRequest, dev.trunkline.v1.ListExperimentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListExperiments"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListExperimentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListExperimentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("ListExperiments"))
              .build();
        }
      }
    }
    return getListExperimentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.StopExperimentRequest,
      dev.trunkline.v1.StopExperimentResponse> getStopExperimentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StopExperiment",
      requestType = dev.trunkline.v1.StopExperimentRequest.class,
      responseType = dev.trunkline.v1.StopExperimentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.StopExperimentRequest,
      dev.trunkline.v1.StopExperimentResponse> getStopExperimentMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.StopExperimentRequest, dev.trunkline.v1.StopExperimentResponse> getStopExperimentMethod;
    if ((getStopExperimentMethod = PolicyServiceGrpc.getStopExperimentMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getStopExperimentMethod = PolicyServiceGrpc.getStopExperimentMethod) == null) {
          PolicyServiceGrpc.getStopExperimentMethod = getStopExperimentMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.StopExperimentRequest, dev.trunkline.v1.StopExperimentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StopExperiment"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.StopExperimentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.StopExperimentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("StopExperiment"))
              .build();
        }
      }
    }
    return getStopExperimentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.GetExperimentResultsRequest,
      dev.trunkline.v1.GetExperimentResultsResponse> getGetExperimentResultsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetExperimentResults",
      requestType = dev.trunkline.v1.GetExperimentResultsRequest.class,
      responseType = dev.trunkline.v1.GetExperimentResultsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.GetExperimentResultsRequest,
      dev.trunkline.v1.GetExperimentResultsResponse> getGetExperimentResultsMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.GetExperimentResultsRequest, dev.trunkline.v1.GetExperimentResultsResponse> getGetExperimentResultsMethod;
    if ((getGetExperimentResultsMethod = PolicyServiceGrpc.getGetExperimentResultsMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getGetExperimentResultsMethod = PolicyServiceGrpc.getGetExperimentResultsMethod) == null) {
          PolicyServiceGrpc.getGetExperimentResultsMethod = getGetExperimentResultsMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.GetExperimentResultsRequest, dev.trunkline.v1.GetExperimentResultsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetExperimentResults"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetExperimentResultsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.GetExperimentResultsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("GetExperimentResults"))
              .build();
        }
      }
    }
    return getGetExperimentResultsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.trunkline.v1.ListRoutingChangesRequest,
      dev.trunkline.v1.ListRoutingChangesResponse> getListRoutingChangesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListRoutingChanges",
      requestType = dev.trunkline.v1.ListRoutingChangesRequest.class,
      responseType = dev.trunkline.v1.ListRoutingChangesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.trunkline.v1.ListRoutingChangesRequest,
      dev.trunkline.v1.ListRoutingChangesResponse> getListRoutingChangesMethod() {
    io.grpc.MethodDescriptor<dev.trunkline.v1.ListRoutingChangesRequest, dev.trunkline.v1.ListRoutingChangesResponse> getListRoutingChangesMethod;
    if ((getListRoutingChangesMethod = PolicyServiceGrpc.getListRoutingChangesMethod) == null) {
      synchronized (PolicyServiceGrpc.class) {
        if ((getListRoutingChangesMethod = PolicyServiceGrpc.getListRoutingChangesMethod) == null) {
          PolicyServiceGrpc.getListRoutingChangesMethod = getListRoutingChangesMethod =
              io.grpc.MethodDescriptor.<dev.trunkline.v1.ListRoutingChangesRequest, dev.trunkline.v1.ListRoutingChangesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListRoutingChanges"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRoutingChangesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.trunkline.v1.ListRoutingChangesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new PolicyServiceMethodDescriptorSupplier("ListRoutingChanges"))
              .build();
        }
      }
    }
    return getListRoutingChangesMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static PolicyServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PolicyServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PolicyServiceStub>() {
        @java.lang.Override
        public PolicyServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PolicyServiceStub(channel, callOptions);
        }
      };
    return PolicyServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static PolicyServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PolicyServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PolicyServiceBlockingV2Stub>() {
        @java.lang.Override
        public PolicyServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PolicyServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return PolicyServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static PolicyServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PolicyServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PolicyServiceBlockingStub>() {
        @java.lang.Override
        public PolicyServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PolicyServiceBlockingStub(channel, callOptions);
        }
      };
    return PolicyServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static PolicyServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<PolicyServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<PolicyServiceFutureStub>() {
        @java.lang.Override
        public PolicyServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new PolicyServiceFutureStub(channel, callOptions);
        }
      };
    return PolicyServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * PolicyService keeps routing policies, task mappings and experiments. A change is refused as a whole, with the paths of its
   * fields, when it could not be followed: an unknown model, an empty chain, a cycle, weights or shares that do not add up. It is in
   * force in every worker within a second.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * CreateRoutingPolicy makes a policy.
     * </pre>
     */
    default void createRoutingPolicy(dev.trunkline.v1.CreateRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateRoutingPolicyMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetRoutingPolicy returns one policy.
     * </pre>
     */
    default void getRoutingPolicy(dev.trunkline.v1.GetRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetRoutingPolicyMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListRoutingPolicies lists the tenant's policies by id.
     * </pre>
     */
    default void listRoutingPolicies(dev.trunkline.v1.ListRoutingPoliciesRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRoutingPoliciesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListRoutingPoliciesMethod(), responseObserver);
    }

    /**
     * <pre>
     * UpdateRoutingPolicy changes the masked fields.
     * </pre>
     */
    default void updateRoutingPolicy(dev.trunkline.v1.UpdateRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateRoutingPolicyMethod(), responseObserver);
    }

    /**
     * <pre>
     * DeleteRoutingPolicy removes a policy. One that another policy's chain names cannot be removed.
     * </pre>
     */
    default void deleteRoutingPolicy(dev.trunkline.v1.DeleteRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteRoutingPolicyMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListTaskMappings lists which models serve which task, the built-in mappings too.
     * </pre>
     */
    default void listTaskMappings(dev.trunkline.v1.ListTaskMappingsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListTaskMappingsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTaskMappingsMethod(), responseObserver);
    }

    /**
     * <pre>
     * SetTaskMapping sets which models serve a task.
     * </pre>
     */
    default void setTaskMapping(dev.trunkline.v1.SetTaskMappingRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.SetTaskMappingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetTaskMappingMethod(), responseObserver);
    }

    /**
     * <pre>
     * DeleteTaskMapping removes the tenant's mapping of a task; a built-in one is in force again.
     * </pre>
     */
    default void deleteTaskMapping(dev.trunkline.v1.DeleteTaskMappingRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteTaskMappingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteTaskMappingMethod(), responseObserver);
    }

    /**
     * <pre>
     * CreateExperiment splits traffic between models.
     * </pre>
     */
    default void createExperiment(dev.trunkline.v1.CreateExperimentRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateExperimentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateExperimentMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetExperiment returns one experiment.
     * </pre>
     */
    default void getExperiment(dev.trunkline.v1.GetExperimentRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetExperimentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetExperimentMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListExperiments lists the tenant's experiments by id.
     * </pre>
     */
    default void listExperiments(dev.trunkline.v1.ListExperimentsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListExperimentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListExperimentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * StopExperiment ends an experiment; its results stay.
     * </pre>
     */
    default void stopExperiment(dev.trunkline.v1.StopExperimentRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.StopExperimentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStopExperimentMethod(), responseObserver);
    }

    /**
     * <pre>
     * GetExperimentResults tells what each arm has cost, taken and been worth so far, and what can be concluded from it.
     * </pre>
     */
    default void getExperimentResults(dev.trunkline.v1.GetExperimentResultsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetExperimentResultsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetExperimentResultsMethod(), responseObserver);
    }

    /**
     * <pre>
     * ListRoutingChanges lists the changes of policies, mappings and experiments, the newest first: what each was before and who
     * changed it. To go back, write an earlier version again.
     * </pre>
     */
    default void listRoutingChanges(dev.trunkline.v1.ListRoutingChangesRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRoutingChangesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListRoutingChangesMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service PolicyService.
   * <pre>
   * PolicyService keeps routing policies, task mappings and experiments. A change is refused as a whole, with the paths of its
   * fields, when it could not be followed: an unknown model, an empty chain, a cycle, weights or shares that do not add up. It is in
   * force in every worker within a second.
   * </pre>
   */
  public static abstract class PolicyServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return PolicyServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service PolicyService.
   * <pre>
   * PolicyService keeps routing policies, task mappings and experiments. A change is refused as a whole, with the paths of its
   * fields, when it could not be followed: an unknown model, an empty chain, a cycle, weights or shares that do not add up. It is in
   * force in every worker within a second.
   * </pre>
   */
  public static final class PolicyServiceStub
      extends io.grpc.stub.AbstractAsyncStub<PolicyServiceStub> {
    private PolicyServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PolicyServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PolicyServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateRoutingPolicy makes a policy.
     * </pre>
     */
    public void createRoutingPolicy(dev.trunkline.v1.CreateRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateRoutingPolicyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetRoutingPolicy returns one policy.
     * </pre>
     */
    public void getRoutingPolicy(dev.trunkline.v1.GetRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetRoutingPolicyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListRoutingPolicies lists the tenant's policies by id.
     * </pre>
     */
    public void listRoutingPolicies(dev.trunkline.v1.ListRoutingPoliciesRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRoutingPoliciesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListRoutingPoliciesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * UpdateRoutingPolicy changes the masked fields.
     * </pre>
     */
    public void updateRoutingPolicy(dev.trunkline.v1.UpdateRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateRoutingPolicyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * DeleteRoutingPolicy removes a policy. One that another policy's chain names cannot be removed.
     * </pre>
     */
    public void deleteRoutingPolicy(dev.trunkline.v1.DeleteRoutingPolicyRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteRoutingPolicyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteRoutingPolicyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListTaskMappings lists which models serve which task, the built-in mappings too.
     * </pre>
     */
    public void listTaskMappings(dev.trunkline.v1.ListTaskMappingsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListTaskMappingsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTaskMappingsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * SetTaskMapping sets which models serve a task.
     * </pre>
     */
    public void setTaskMapping(dev.trunkline.v1.SetTaskMappingRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.SetTaskMappingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetTaskMappingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * DeleteTaskMapping removes the tenant's mapping of a task; a built-in one is in force again.
     * </pre>
     */
    public void deleteTaskMapping(dev.trunkline.v1.DeleteTaskMappingRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteTaskMappingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteTaskMappingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * CreateExperiment splits traffic between models.
     * </pre>
     */
    public void createExperiment(dev.trunkline.v1.CreateExperimentRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateExperimentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateExperimentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetExperiment returns one experiment.
     * </pre>
     */
    public void getExperiment(dev.trunkline.v1.GetExperimentRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetExperimentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetExperimentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListExperiments lists the tenant's experiments by id.
     * </pre>
     */
    public void listExperiments(dev.trunkline.v1.ListExperimentsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListExperimentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListExperimentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * StopExperiment ends an experiment; its results stay.
     * </pre>
     */
    public void stopExperiment(dev.trunkline.v1.StopExperimentRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.StopExperimentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStopExperimentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * GetExperimentResults tells what each arm has cost, taken and been worth so far, and what can be concluded from it.
     * </pre>
     */
    public void getExperimentResults(dev.trunkline.v1.GetExperimentResultsRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.GetExperimentResultsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetExperimentResultsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * ListRoutingChanges lists the changes of policies, mappings and experiments, the newest first: what each was before and who
     * changed it. To go back, write an earlier version again.
     * </pre>
     */
    public void listRoutingChanges(dev.trunkline.v1.ListRoutingChangesRequest request,
        io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRoutingChangesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListRoutingChangesMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service PolicyService.
   * <pre>
   * PolicyService keeps routing policies, task mappings and experiments. A change is refused as a whole, with the paths of its
   * fields, when it could not be followed: an unknown model, an empty chain, a cycle, weights or shares that do not add up. It is in
   * force in every worker within a second.
   * </pre>
   */
  public static final class PolicyServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<PolicyServiceBlockingV2Stub> {
    private PolicyServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PolicyServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PolicyServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateRoutingPolicy makes a policy.
     * </pre>
     */
    public dev.trunkline.v1.CreateRoutingPolicyResponse createRoutingPolicy(dev.trunkline.v1.CreateRoutingPolicyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetRoutingPolicy returns one policy.
     * </pre>
     */
    public dev.trunkline.v1.GetRoutingPolicyResponse getRoutingPolicy(dev.trunkline.v1.GetRoutingPolicyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRoutingPolicies lists the tenant's policies by id.
     * </pre>
     */
    public dev.trunkline.v1.ListRoutingPoliciesResponse listRoutingPolicies(dev.trunkline.v1.ListRoutingPoliciesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListRoutingPoliciesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateRoutingPolicy changes the masked fields.
     * </pre>
     */
    public dev.trunkline.v1.UpdateRoutingPolicyResponse updateRoutingPolicy(dev.trunkline.v1.UpdateRoutingPolicyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteRoutingPolicy removes a policy. One that another policy's chain names cannot be removed.
     * </pre>
     */
    public dev.trunkline.v1.DeleteRoutingPolicyResponse deleteRoutingPolicy(dev.trunkline.v1.DeleteRoutingPolicyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListTaskMappings lists which models serve which task, the built-in mappings too.
     * </pre>
     */
    public dev.trunkline.v1.ListTaskMappingsResponse listTaskMappings(dev.trunkline.v1.ListTaskMappingsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTaskMappingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * SetTaskMapping sets which models serve a task.
     * </pre>
     */
    public dev.trunkline.v1.SetTaskMappingResponse setTaskMapping(dev.trunkline.v1.SetTaskMappingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetTaskMappingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteTaskMapping removes the tenant's mapping of a task; a built-in one is in force again.
     * </pre>
     */
    public dev.trunkline.v1.DeleteTaskMappingResponse deleteTaskMapping(dev.trunkline.v1.DeleteTaskMappingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteTaskMappingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CreateExperiment splits traffic between models.
     * </pre>
     */
    public dev.trunkline.v1.CreateExperimentResponse createExperiment(dev.trunkline.v1.CreateExperimentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateExperimentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetExperiment returns one experiment.
     * </pre>
     */
    public dev.trunkline.v1.GetExperimentResponse getExperiment(dev.trunkline.v1.GetExperimentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetExperimentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListExperiments lists the tenant's experiments by id.
     * </pre>
     */
    public dev.trunkline.v1.ListExperimentsResponse listExperiments(dev.trunkline.v1.ListExperimentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListExperimentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * StopExperiment ends an experiment; its results stay.
     * </pre>
     */
    public dev.trunkline.v1.StopExperimentResponse stopExperiment(dev.trunkline.v1.StopExperimentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStopExperimentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetExperimentResults tells what each arm has cost, taken and been worth so far, and what can be concluded from it.
     * </pre>
     */
    public dev.trunkline.v1.GetExperimentResultsResponse getExperimentResults(dev.trunkline.v1.GetExperimentResultsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetExperimentResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRoutingChanges lists the changes of policies, mappings and experiments, the newest first: what each was before and who
     * changed it. To go back, write an earlier version again.
     * </pre>
     */
    public dev.trunkline.v1.ListRoutingChangesResponse listRoutingChanges(dev.trunkline.v1.ListRoutingChangesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListRoutingChangesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service PolicyService.
   * <pre>
   * PolicyService keeps routing policies, task mappings and experiments. A change is refused as a whole, with the paths of its
   * fields, when it could not be followed: an unknown model, an empty chain, a cycle, weights or shares that do not add up. It is in
   * force in every worker within a second.
   * </pre>
   */
  public static final class PolicyServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<PolicyServiceBlockingStub> {
    private PolicyServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PolicyServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PolicyServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateRoutingPolicy makes a policy.
     * </pre>
     */
    public dev.trunkline.v1.CreateRoutingPolicyResponse createRoutingPolicy(dev.trunkline.v1.CreateRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetRoutingPolicy returns one policy.
     * </pre>
     */
    public dev.trunkline.v1.GetRoutingPolicyResponse getRoutingPolicy(dev.trunkline.v1.GetRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRoutingPolicies lists the tenant's policies by id.
     * </pre>
     */
    public dev.trunkline.v1.ListRoutingPoliciesResponse listRoutingPolicies(dev.trunkline.v1.ListRoutingPoliciesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListRoutingPoliciesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * UpdateRoutingPolicy changes the masked fields.
     * </pre>
     */
    public dev.trunkline.v1.UpdateRoutingPolicyResponse updateRoutingPolicy(dev.trunkline.v1.UpdateRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteRoutingPolicy removes a policy. One that another policy's chain names cannot be removed.
     * </pre>
     */
    public dev.trunkline.v1.DeleteRoutingPolicyResponse deleteRoutingPolicy(dev.trunkline.v1.DeleteRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteRoutingPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListTaskMappings lists which models serve which task, the built-in mappings too.
     * </pre>
     */
    public dev.trunkline.v1.ListTaskMappingsResponse listTaskMappings(dev.trunkline.v1.ListTaskMappingsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTaskMappingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * SetTaskMapping sets which models serve a task.
     * </pre>
     */
    public dev.trunkline.v1.SetTaskMappingResponse setTaskMapping(dev.trunkline.v1.SetTaskMappingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetTaskMappingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * DeleteTaskMapping removes the tenant's mapping of a task; a built-in one is in force again.
     * </pre>
     */
    public dev.trunkline.v1.DeleteTaskMappingResponse deleteTaskMapping(dev.trunkline.v1.DeleteTaskMappingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteTaskMappingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * CreateExperiment splits traffic between models.
     * </pre>
     */
    public dev.trunkline.v1.CreateExperimentResponse createExperiment(dev.trunkline.v1.CreateExperimentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateExperimentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetExperiment returns one experiment.
     * </pre>
     */
    public dev.trunkline.v1.GetExperimentResponse getExperiment(dev.trunkline.v1.GetExperimentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetExperimentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListExperiments lists the tenant's experiments by id.
     * </pre>
     */
    public dev.trunkline.v1.ListExperimentsResponse listExperiments(dev.trunkline.v1.ListExperimentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListExperimentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * StopExperiment ends an experiment; its results stay.
     * </pre>
     */
    public dev.trunkline.v1.StopExperimentResponse stopExperiment(dev.trunkline.v1.StopExperimentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStopExperimentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * GetExperimentResults tells what each arm has cost, taken and been worth so far, and what can be concluded from it.
     * </pre>
     */
    public dev.trunkline.v1.GetExperimentResultsResponse getExperimentResults(dev.trunkline.v1.GetExperimentResultsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetExperimentResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * ListRoutingChanges lists the changes of policies, mappings and experiments, the newest first: what each was before and who
     * changed it. To go back, write an earlier version again.
     * </pre>
     */
    public dev.trunkline.v1.ListRoutingChangesResponse listRoutingChanges(dev.trunkline.v1.ListRoutingChangesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListRoutingChangesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service PolicyService.
   * <pre>
   * PolicyService keeps routing policies, task mappings and experiments. A change is refused as a whole, with the paths of its
   * fields, when it could not be followed: an unknown model, an empty chain, a cycle, weights or shares that do not add up. It is in
   * force in every worker within a second.
   * </pre>
   */
  public static final class PolicyServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<PolicyServiceFutureStub> {
    private PolicyServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected PolicyServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new PolicyServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * CreateRoutingPolicy makes a policy.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.CreateRoutingPolicyResponse> createRoutingPolicy(
        dev.trunkline.v1.CreateRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateRoutingPolicyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetRoutingPolicy returns one policy.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetRoutingPolicyResponse> getRoutingPolicy(
        dev.trunkline.v1.GetRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetRoutingPolicyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListRoutingPolicies lists the tenant's policies by id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListRoutingPoliciesResponse> listRoutingPolicies(
        dev.trunkline.v1.ListRoutingPoliciesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListRoutingPoliciesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * UpdateRoutingPolicy changes the masked fields.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.UpdateRoutingPolicyResponse> updateRoutingPolicy(
        dev.trunkline.v1.UpdateRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateRoutingPolicyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * DeleteRoutingPolicy removes a policy. One that another policy's chain names cannot be removed.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.DeleteRoutingPolicyResponse> deleteRoutingPolicy(
        dev.trunkline.v1.DeleteRoutingPolicyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteRoutingPolicyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListTaskMappings lists which models serve which task, the built-in mappings too.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListTaskMappingsResponse> listTaskMappings(
        dev.trunkline.v1.ListTaskMappingsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTaskMappingsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * SetTaskMapping sets which models serve a task.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.SetTaskMappingResponse> setTaskMapping(
        dev.trunkline.v1.SetTaskMappingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetTaskMappingMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * DeleteTaskMapping removes the tenant's mapping of a task; a built-in one is in force again.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.DeleteTaskMappingResponse> deleteTaskMapping(
        dev.trunkline.v1.DeleteTaskMappingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteTaskMappingMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * CreateExperiment splits traffic between models.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.CreateExperimentResponse> createExperiment(
        dev.trunkline.v1.CreateExperimentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateExperimentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetExperiment returns one experiment.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetExperimentResponse> getExperiment(
        dev.trunkline.v1.GetExperimentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetExperimentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListExperiments lists the tenant's experiments by id.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListExperimentsResponse> listExperiments(
        dev.trunkline.v1.ListExperimentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListExperimentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * StopExperiment ends an experiment; its results stay.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.StopExperimentResponse> stopExperiment(
        dev.trunkline.v1.StopExperimentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStopExperimentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * GetExperimentResults tells what each arm has cost, taken and been worth so far, and what can be concluded from it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.GetExperimentResultsResponse> getExperimentResults(
        dev.trunkline.v1.GetExperimentResultsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetExperimentResultsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * ListRoutingChanges lists the changes of policies, mappings and experiments, the newest first: what each was before and who
     * changed it. To go back, write an earlier version again.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.trunkline.v1.ListRoutingChangesResponse> listRoutingChanges(
        dev.trunkline.v1.ListRoutingChangesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListRoutingChangesMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_ROUTING_POLICY = 0;
  private static final int METHODID_GET_ROUTING_POLICY = 1;
  private static final int METHODID_LIST_ROUTING_POLICIES = 2;
  private static final int METHODID_UPDATE_ROUTING_POLICY = 3;
  private static final int METHODID_DELETE_ROUTING_POLICY = 4;
  private static final int METHODID_LIST_TASK_MAPPINGS = 5;
  private static final int METHODID_SET_TASK_MAPPING = 6;
  private static final int METHODID_DELETE_TASK_MAPPING = 7;
  private static final int METHODID_CREATE_EXPERIMENT = 8;
  private static final int METHODID_GET_EXPERIMENT = 9;
  private static final int METHODID_LIST_EXPERIMENTS = 10;
  private static final int METHODID_STOP_EXPERIMENT = 11;
  private static final int METHODID_GET_EXPERIMENT_RESULTS = 12;
  private static final int METHODID_LIST_ROUTING_CHANGES = 13;

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
        case METHODID_CREATE_ROUTING_POLICY:
          serviceImpl.createRoutingPolicy((dev.trunkline.v1.CreateRoutingPolicyRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateRoutingPolicyResponse>) responseObserver);
          break;
        case METHODID_GET_ROUTING_POLICY:
          serviceImpl.getRoutingPolicy((dev.trunkline.v1.GetRoutingPolicyRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetRoutingPolicyResponse>) responseObserver);
          break;
        case METHODID_LIST_ROUTING_POLICIES:
          serviceImpl.listRoutingPolicies((dev.trunkline.v1.ListRoutingPoliciesRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRoutingPoliciesResponse>) responseObserver);
          break;
        case METHODID_UPDATE_ROUTING_POLICY:
          serviceImpl.updateRoutingPolicy((dev.trunkline.v1.UpdateRoutingPolicyRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.UpdateRoutingPolicyResponse>) responseObserver);
          break;
        case METHODID_DELETE_ROUTING_POLICY:
          serviceImpl.deleteRoutingPolicy((dev.trunkline.v1.DeleteRoutingPolicyRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteRoutingPolicyResponse>) responseObserver);
          break;
        case METHODID_LIST_TASK_MAPPINGS:
          serviceImpl.listTaskMappings((dev.trunkline.v1.ListTaskMappingsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListTaskMappingsResponse>) responseObserver);
          break;
        case METHODID_SET_TASK_MAPPING:
          serviceImpl.setTaskMapping((dev.trunkline.v1.SetTaskMappingRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.SetTaskMappingResponse>) responseObserver);
          break;
        case METHODID_DELETE_TASK_MAPPING:
          serviceImpl.deleteTaskMapping((dev.trunkline.v1.DeleteTaskMappingRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.DeleteTaskMappingResponse>) responseObserver);
          break;
        case METHODID_CREATE_EXPERIMENT:
          serviceImpl.createExperiment((dev.trunkline.v1.CreateExperimentRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.CreateExperimentResponse>) responseObserver);
          break;
        case METHODID_GET_EXPERIMENT:
          serviceImpl.getExperiment((dev.trunkline.v1.GetExperimentRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetExperimentResponse>) responseObserver);
          break;
        case METHODID_LIST_EXPERIMENTS:
          serviceImpl.listExperiments((dev.trunkline.v1.ListExperimentsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListExperimentsResponse>) responseObserver);
          break;
        case METHODID_STOP_EXPERIMENT:
          serviceImpl.stopExperiment((dev.trunkline.v1.StopExperimentRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.StopExperimentResponse>) responseObserver);
          break;
        case METHODID_GET_EXPERIMENT_RESULTS:
          serviceImpl.getExperimentResults((dev.trunkline.v1.GetExperimentResultsRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.GetExperimentResultsResponse>) responseObserver);
          break;
        case METHODID_LIST_ROUTING_CHANGES:
          serviceImpl.listRoutingChanges((dev.trunkline.v1.ListRoutingChangesRequest) request,
              (io.grpc.stub.StreamObserver<dev.trunkline.v1.ListRoutingChangesResponse>) responseObserver);
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
          getCreateRoutingPolicyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.CreateRoutingPolicyRequest,
              dev.trunkline.v1.CreateRoutingPolicyResponse>(
                service, METHODID_CREATE_ROUTING_POLICY)))
        .addMethod(
          getGetRoutingPolicyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetRoutingPolicyRequest,
              dev.trunkline.v1.GetRoutingPolicyResponse>(
                service, METHODID_GET_ROUTING_POLICY)))
        .addMethod(
          getListRoutingPoliciesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListRoutingPoliciesRequest,
              dev.trunkline.v1.ListRoutingPoliciesResponse>(
                service, METHODID_LIST_ROUTING_POLICIES)))
        .addMethod(
          getUpdateRoutingPolicyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.UpdateRoutingPolicyRequest,
              dev.trunkline.v1.UpdateRoutingPolicyResponse>(
                service, METHODID_UPDATE_ROUTING_POLICY)))
        .addMethod(
          getDeleteRoutingPolicyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.DeleteRoutingPolicyRequest,
              dev.trunkline.v1.DeleteRoutingPolicyResponse>(
                service, METHODID_DELETE_ROUTING_POLICY)))
        .addMethod(
          getListTaskMappingsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListTaskMappingsRequest,
              dev.trunkline.v1.ListTaskMappingsResponse>(
                service, METHODID_LIST_TASK_MAPPINGS)))
        .addMethod(
          getSetTaskMappingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.SetTaskMappingRequest,
              dev.trunkline.v1.SetTaskMappingResponse>(
                service, METHODID_SET_TASK_MAPPING)))
        .addMethod(
          getDeleteTaskMappingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.DeleteTaskMappingRequest,
              dev.trunkline.v1.DeleteTaskMappingResponse>(
                service, METHODID_DELETE_TASK_MAPPING)))
        .addMethod(
          getCreateExperimentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.CreateExperimentRequest,
              dev.trunkline.v1.CreateExperimentResponse>(
                service, METHODID_CREATE_EXPERIMENT)))
        .addMethod(
          getGetExperimentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetExperimentRequest,
              dev.trunkline.v1.GetExperimentResponse>(
                service, METHODID_GET_EXPERIMENT)))
        .addMethod(
          getListExperimentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListExperimentsRequest,
              dev.trunkline.v1.ListExperimentsResponse>(
                service, METHODID_LIST_EXPERIMENTS)))
        .addMethod(
          getStopExperimentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.StopExperimentRequest,
              dev.trunkline.v1.StopExperimentResponse>(
                service, METHODID_STOP_EXPERIMENT)))
        .addMethod(
          getGetExperimentResultsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.GetExperimentResultsRequest,
              dev.trunkline.v1.GetExperimentResultsResponse>(
                service, METHODID_GET_EXPERIMENT_RESULTS)))
        .addMethod(
          getListRoutingChangesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.trunkline.v1.ListRoutingChangesRequest,
              dev.trunkline.v1.ListRoutingChangesResponse>(
                service, METHODID_LIST_ROUTING_CHANGES)))
        .build();
  }

  private static abstract class PolicyServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    PolicyServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.trunkline.v1.PolicyProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("PolicyService");
    }
  }

  private static final class PolicyServiceFileDescriptorSupplier
      extends PolicyServiceBaseDescriptorSupplier {
    PolicyServiceFileDescriptorSupplier() {}
  }

  private static final class PolicyServiceMethodDescriptorSupplier
      extends PolicyServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    PolicyServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (PolicyServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new PolicyServiceFileDescriptorSupplier())
              .addMethod(getCreateRoutingPolicyMethod())
              .addMethod(getGetRoutingPolicyMethod())
              .addMethod(getListRoutingPoliciesMethod())
              .addMethod(getUpdateRoutingPolicyMethod())
              .addMethod(getDeleteRoutingPolicyMethod())
              .addMethod(getListTaskMappingsMethod())
              .addMethod(getSetTaskMappingMethod())
              .addMethod(getDeleteTaskMappingMethod())
              .addMethod(getCreateExperimentMethod())
              .addMethod(getGetExperimentMethod())
              .addMethod(getListExperimentsMethod())
              .addMethod(getStopExperimentMethod())
              .addMethod(getGetExperimentResultsMethod())
              .addMethod(getListRoutingChangesMethod())
              .build();
        }
      }
    }
    return result;
  }
}
