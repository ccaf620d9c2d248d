package trunkline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

// The most bytes that RunTool sends in one message.
const chunk = 256 << 10

// RunTool runs a tool as a stream: it sends input, where there is some, hands over everything that comes before the end,
// and returns the end. Input that goes on after a cut (`resumed`: the parameters hold a resume_token) is sent from where
// the server has it. The checksum that goes along is of what this stream sends. When handle fails, or ctx ends, the call
// is cancelled, and with it the work in the system.
func (c *Client) RunTool(
	ctx context.Context,
	start *trunklinev1.ExecuteToolRequest,
	input io.Reader,
	resumed bool,
	handle func(*trunklinev1.StreamExecuteToolResponse) error,
) (*trunklinev1.ExecuteToolResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.StreamExecuteTool(ctx)
	if err != nil {
		return nil, err
	}
	first := &trunklinev1.StreamExecuteToolRequest{Message: &trunklinev1.StreamExecuteToolRequest_Start{Start: start}}
	if err := stream.Send(first); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	from, failed := make(chan int64, 1), make(chan error, 1)
	if !resumed {
		from <- 0
	}
	go func() {
		err := send(ctx, stream, input, from)
		failed <- err
		if err != nil && !errors.Is(err, io.EOF) {
			cancel() // the server would wait for the rest of the input
		}
	}()
	var end *trunklinev1.ExecuteToolResponse
	for {
		message, err := stream.Recv()
		if end != nil && errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			// Of an input that could not be read the stream knows only that it was cancelled.
			select {
			case own := <-failed:
				if own != nil && !errors.Is(own, io.EOF) {
					return nil, own
				}
			default:
			}
			return nil, err
		}
		if end = message.GetFinished(); end != nil {
			continue // to the status: a call that is left before it counts as cancelled
		}
		if progress := message.GetProgress(); progress != nil && resumed {
			from <- progress.GetBytesStored()
			resumed = false
		}
		if handle != nil {
			if err := handle(message); err != nil {
				return nil, err
			}
		}
	}
}

type sender interface {
	Send(*trunklinev1.StreamExecuteToolRequest) error
	CloseSend() error
}

// send sends the input from where the server has it, then its end. io.EOF says that the call has ended: Recv tells why.
func send(ctx context.Context, stream sender, input io.Reader, from <-chan int64) error {
	if input == nil {
		return stream.CloseSend()
	}
	var left int64
	select {
	case left = <-from:
	case <-ctx.Done():
		return ctx.Err()
	}
	if size, _ := io.CopyN(io.Discard, input, left); size < left {
		return fmt.Errorf("the input has %d bytes, and %d are stored: %w", size, left, io.ErrUnexpectedEOF)
	}
	sent := sha256.New()
	if err := sendChunks(stream, input, sent); err != nil {
		return err
	}
	finish := &trunklinev1.ToolInputFinished{Sha256: hex.EncodeToString(sent.Sum(nil))}
	last := &trunklinev1.StreamExecuteToolRequest{Message: &trunklinev1.StreamExecuteToolRequest_Finish{Finish: finish}}
	if err := stream.Send(last); err != nil {
		return err
	}
	return stream.CloseSend()
}

func sendChunks(stream sender, input io.Reader, sent hash.Hash) error {
	for {
		// Not used again: a message may be written after Send has returned.
		piece := make([]byte, chunk)
		size, err := io.ReadFull(input, piece)
		if size > 0 {
			sent.Write(piece[:size])
			message := &trunklinev1.StreamExecuteToolRequest_Chunk{Chunk: piece[:size]}
			if err := stream.Send(&trunklinev1.StreamExecuteToolRequest{Message: message}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
