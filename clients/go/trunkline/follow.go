package trunkline

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

const (
	// A heartbeat comes every 15 s: a stream that says nothing for so long is dead.
	silence = 45 * time.Second
	// The pauses before trying again, with full jitter: doubled from the first to the last.
	firstPause = 200 * time.Millisecond
	lastPause  = 15 * time.Second
)

// Follow hands over every event after the request's cursor, through cuts, until ctx ends or handle fails. A stream that
// ends, is cut or falls silent is opened anew after the last cursor; an event may come twice, by the same id. Keep the
// cursor of what handle has done. What another try will not help against is returned: a cursor that is kept no longer
// (CURSOR_EXPIRED), a key that may not.
func (c *Client) Follow(
	ctx context.Context, request *trunklinev1.SubscribeRequest, handle func(*trunklinev1.SubscribeResponse) error,
) error {
	asked := proto.Clone(request).(*trunklinev1.SubscribeRequest)
	for failures := 0; ; failures++ {
		came, err := c.follow(ctx, asked, handle)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if own, is := err.(handleError); is {
			return own.error
		}
		if err != nil && final(status.Code(err)) {
			return err
		}
		if came {
			failures = 0
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause(err, failures)):
		}
	}
}

// handleError is an error of the caller's own function.
type handleError struct{ error }

// follow is one stream; it tells whether anything came, and moves the cursor on.
func (c *Client) follow(
	ctx context.Context, asked *trunklinev1.SubscribeRequest, handle func(*trunklinev1.SubscribeResponse) error,
) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(silence, cancel)
	defer watch.Stop()
	stream, err := c.Subscribe(ctx, asked)
	if err != nil {
		return false, err
	}
	for came := false; ; came = true {
		message, err := stream.Recv()
		if err != nil {
			return came, err
		}
		watch.Stop() // however long handle takes
		if message.GetEvent() != nil {
			if err := handle(message); err != nil {
				return came, handleError{err}
			}
		}
		if message.GetCursor() != "" {
			asked.Cursor = message.GetCursor()
		}
		watch.Reset(silence)
	}
}

func final(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied, codes.NotFound,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return true
	}
	return false
}

func pause(err error, failures int) time.Duration {
	if info := Detail[*errdetails.RetryInfo](err); info != nil {
		return info.GetRetryDelay().AsDuration()
	}
	return rand.N(min(lastPause, firstPause<<min(failures, 16)))
}
