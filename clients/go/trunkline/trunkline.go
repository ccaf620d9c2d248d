// Package trunkline connects Go programs to a Trunkline server: the channel, the caller's key, the error details, events
// that go on after a cut, and tools with input and results of any length. Everything else is the generated stub.
package trunkline

import (
	"context"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

// Client is a connection with the stubs of its services. Close it.
type Client struct {
	trunklinev1.LLMServiceClient
	trunklinev1.IntegrationServiceClient
	trunklinev1.ToolServiceClient
	trunklinev1.EventServiceClient
	trunklinev1.WebhookServiceClient
	connection *grpc.ClientConn
}

// Dial prepares a connection without TLS to target (host:port), which sends key with every call. It connects on the
// first call.
func Dial(target, key string) (*Client, error) {
	connection, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(bearer(key)))
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", target, err)
	}
	return &Client{
		trunklinev1.NewLLMServiceClient(connection),
		trunklinev1.NewIntegrationServiceClient(connection),
		trunklinev1.NewToolServiceClient(connection),
		trunklinev1.NewEventServiceClient(connection),
		trunklinev1.NewWebhookServiceClient(connection),
		connection,
	}, nil
}

// Close ends the connection and every call on it.
func (c *Client) Close() error {
	return c.connection.Close()
}

// ErrorInfo returns domain, reason and metadata of an error; nil when Trunkline did not make it, for example without
// a connection.
func ErrorInfo(err error) *errdetails.ErrorInfo {
	return Detail[*errdetails.ErrorInfo](err)
}

// Detail returns the first detail of its type that the server sent with the error, else nil.
func Detail[T proto.Message](err error) T {
	for _, each := range status.Convert(err).Details() {
		if detail, found := each.(T); found {
			return detail
		}
	}
	var none T
	return none
}

type bearer string

func (key bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(key)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }
