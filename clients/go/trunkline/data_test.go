package trunkline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

// services speak the contract over a socket, and cut streams.
type services struct {
	trunklinev1.UnimplementedEventServiceServer
	trunklinev1.UnimplementedToolServiceServer
	cursors []string
	stored  []byte
	sum     string
}

func (s *services) Subscribe(
	request *trunklinev1.SubscribeRequest, stream grpc.ServerStreamingServer[trunklinev1.SubscribeResponse],
) error {
	s.cursors = append(s.cursors, request.GetCursor())
	if request.GetCursor() == "gone" {
		return status.Error(codes.FailedPrecondition, "kept no longer")
	}
	at, _ := strconv.Atoi(request.GetCursor())
	for number := at + 1; number <= 6; number++ {
		event := &trunklinev1.Event{EventId: fmt.Sprint("e-", number)}
		if err := stream.Send(&trunklinev1.SubscribeResponse{Event: event, Cursor: strconv.Itoa(number)}); err != nil {
			return err
		}
		if err := stream.Send(&trunklinev1.SubscribeResponse{Cursor: strconv.Itoa(number)}); err != nil {
			return err
		}
		if number == 2 {
			return status.Error(codes.Unavailable, "cut")
		}
		if number == 4 {
			return nil
		}
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (s *services) StreamExecuteTool(
	stream grpc.BidiStreamingServer[trunklinev1.StreamExecuteToolRequest, trunklinev1.StreamExecuteToolResponse],
) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	if len(s.stored) > 0 {
		progress := &trunklinev1.ToolProgress{BytesStored: int64(len(s.stored)), ResumeToken: "tok"}
		message := &trunklinev1.StreamExecuteToolResponse_Progress{Progress: progress}
		if err := stream.Send(&trunklinev1.StreamExecuteToolResponse{Message: message}); err != nil {
			return err
		}
	}
	received := bytes.Clone(s.stored)
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return status.Error(codes.InvalidArgument, "no finish")
		}
		if err != nil {
			return err
		}
		if finish := message.GetFinish(); finish != nil {
			s.stored, s.sum = received, finish.GetSha256()
			end := &trunklinev1.ExecuteToolResponse{ResultJson: []byte("{}")}
			return stream.Send(&trunklinev1.StreamExecuteToolResponse{
				Message: &trunklinev1.StreamExecuteToolResponse_Finished{Finished: end},
			})
		}
		received = append(received, message.GetChunk()...)
		if len(s.stored) == 0 && len(received) > 600_000 {
			s.stored = received[:500_000]
			return status.Error(codes.Unavailable, "cut")
		}
	}
}

func serve(t *testing.T) (*services, *Client) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served, server := &services{}, grpc.NewServer()
	trunklinev1.RegisterEventServiceServer(server, served)
	trunklinev1.RegisterToolServiceServer(server, served)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client, err := Dial(listener.Addr().String(), "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return served, client
}

func TestEventsGoOnByTheirCursor(t *testing.T) {
	served, client := serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var ids []string
	enough := errors.New("enough")
	err := client.Follow(ctx, &trunklinev1.SubscribeRequest{Cursor: "0"}, func(m *trunklinev1.SubscribeResponse) error {
		ids = append(ids, m.GetEvent().GetEventId())
		if len(ids) == 6 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || fmt.Sprint(ids) != "[e-1 e-2 e-3 e-4 e-5 e-6]" {
		t.Fatal(err, ids)
	}
	if fmt.Sprint(served.cursors) != "[0 2 4]" {
		t.Fatal(served.cursors)
	}
	err = client.Follow(ctx, &trunklinev1.SubscribeRequest{Cursor: "gone"}, nil)
	if status.Code(err) != codes.FailedPrecondition {
		t.Fatal(err)
	}
	cancel()
	if err := client.Follow(ctx, &trunklinev1.SubscribeRequest{Cursor: "5"}, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestInputGoesOnAfterACut(t *testing.T) {
	served, client := serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	whole := bytes.Repeat([]byte("0123456789"), 200_000)
	start := &trunklinev1.ExecuteToolRequest{ToolName: "put_object", IntegrationId: "files"}
	if _, err := client.RunTool(ctx, start, bytes.NewReader(whole), false, nil); status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	_, err := client.RunTool(ctx, start, bytes.NewReader(whole[:10]), true, nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	told := 0
	end, err := client.RunTool(ctx, start, bytes.NewReader(whole), true,
		func(m *trunklinev1.StreamExecuteToolResponse) error { told++; return nil })
	if err != nil || string(end.GetResultJson()) != "{}" || told != 1 {
		t.Fatal(end, err, told)
	}
	sum := sha256.Sum256(whole[500_000:])
	if !bytes.Equal(served.stored, whole) || served.sum != hex.EncodeToString(sum[:]) {
		t.Fatal(len(served.stored), served.sum)
	}
}
