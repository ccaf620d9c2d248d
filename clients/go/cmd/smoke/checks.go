package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"trunkline.dev/clients/go/trunkline"
	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

const (
	question    = "Name three colours."
	story       = "Tell a very long story about a lighthouse, with many chapters."
	wrongKey    = "tl_aaaaaaaaaaaaaaaa_wrong"
	cancelAfter = 3
)

var (
	traceID       = regexp.MustCompile(`^[0-9a-f]{32}$`)
	errNotRefused = errors.New("the call was not refused")
)

func (s *smoke) complete(ctx context.Context) (facts, error) {
	answer, err := s.Complete(ctx, s.request(question, 32))
	if err != nil {
		return nil, err
	}
	return facts{
		"ok": answer.GetCompletion() != "" && answer.GetProvider() != "" && answer.GetModelUsed() != "" &&
			answer.GetUsage().GetOutputTokens() > 0 && traceID.MatchString(answer.GetTraceId()),
		"completion_length": len(answer.GetCompletion()),
		"output_tokens":     answer.GetUsage().GetOutputTokens(),
		"nano_usd":          answer.GetCostDetails().GetNanoUsd(),
	}, nil
}

func (s *smoke) stream(ctx context.Context) (facts, error) {
	stream, err := s.StreamComplete(ctx, &trunklinev1.StreamCompleteRequest{Request: s.request(question, 32)})
	if err != nil {
		return nil, err
	}
	var (
		text           strings.Builder
		last           *trunklinev1.StreamCompleteResponse
		events, deltas uint64
		gapless        = true
	)
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		last = event
		events++
		gapless = gapless && event.GetSequence() == events
		if delta := event.GetContentDelta(); delta != nil {
			deltas++
			text.WriteString(delta.GetText())
		}
	}
	return facts{
		"ok":     gapless && text.Len() > 0 && last.GetFinished().GetUsage().GetOutputTokens() > 0,
		"events": events,
		"deltas": deltas,
	}, nil
}

func (s *smoke) cancel(ctx context.Context) (facts, error) {
	request := s.request(story, 512)
	request.RequestId = agent + "-" + strings.ToLower(rand.Text())
	request.Cache = &trunklinev1.CachePolicy{Mode: trunklinev1.CacheMode_CACHE_MODE_OFF}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.StreamComplete(ctx, &trunklinev1.StreamCompleteRequest{Request: request})
	if err != nil {
		return nil, err
	}
	for range cancelAfter {
		if _, err := stream.Recv(); err != nil {
			return nil, err
		}
	}
	cancel()
	// Recv hands over what had arrived before the cancellation, then its status.
	arrived, finished := 0, false
	for err = nil; err == nil; {
		var event *trunklinev1.StreamCompleteResponse
		if event, err = stream.Recv(); err == nil {
			arrived++
			finished = finished || event.GetFinished() != nil
		}
	}
	return facts{
		"ok":         status.Code(err) == codes.Canceled && !finished,
		"request_id": request.GetRequestId(),
		"status":     status.Code(err).String(),
		"late":       arrived,
	}, nil
}

func (s *smoke) refused(ctx context.Context) (facts, error) {
	_, err := s.Complete(ctx, s.request("", -1))
	if err == nil {
		return nil, errNotRefused
	}
	info := trunkline.ErrorInfo(err)
	fields := []string{}
	for _, violation := range trunkline.Detail[*errdetails.BadRequest](err).GetFieldViolations() {
		fields = append(fields, violation.GetField())
	}
	return facts{
		"ok": status.Code(err) == codes.InvalidArgument &&
			info.GetDomain() == "trunkline.dev" && info.GetReason() == "INVALID_REQUEST" &&
			slices.Contains(fields, "prompt") && slices.Contains(fields, "max_tokens"),
		"status": status.Code(err).String(),
		"reason": info.GetReason(),
		"fields": fields,
	}, nil
}

func (s *smoke) unauthenticated(ctx context.Context) (facts, error) {
	stranger, err := trunkline.Dial(s.target, wrongKey)
	if err != nil {
		return nil, err
	}
	defer stranger.Close()
	_, err = stranger.Complete(ctx, s.request(question, 32))
	if err == nil {
		return nil, errNotRefused
	}
	info := trunkline.ErrorInfo(err)
	return facts{
		"ok":     status.Code(err) == codes.Unauthenticated && info.GetReason() == "CREDENTIAL_INVALID",
		"status": status.Code(err).String(),
		"reason": info.GetReason(),
	}, nil
}
