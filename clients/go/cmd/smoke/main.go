// Command smoke proves the contract from Go: five checks against a running server, one JSON line each.
//
//	smoke                    TRUNKLINE_TARGET, TRUNKLINE_KEY and TRUNKLINE_MODEL say against what
//	smoke --stream PROMPT    prints the answer as it comes, and what it cost
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"trunkline.dev/clients/go/trunkline"
	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

const (
	agent    = "smoke-go"
	deadline = 30 * time.Second
)

// smoke is what the checks need.
type smoke struct {
	*trunkline.Client
	target, model string
}

// facts are what a check prints; "ok" among them is the verdict.
type facts map[string]any

func (s *smoke) request(prompt string, maxTokens int32) *trunklinev1.CompleteRequest {
	return &trunklinev1.CompleteRequest{
		Model:     s.model,
		Prompt:    prompt,
		MaxTokens: &maxTokens,
		Context:   &trunklinev1.CallContext{AgentId: agent},
	}
}

// run runs every check and tells whether all are well.
func (s *smoke) run() bool {
	checks := []struct {
		name  string
		check func(context.Context) (facts, error)
	}{
		{"complete", s.complete},
		{"stream", s.stream},
		{"cancel", s.cancel},
		{"refused", s.refused},
		{"unauthenticated", s.unauthenticated},
	}
	well := true
	for _, each := range checks {
		ctx, done := context.WithTimeout(context.Background(), deadline)
		found, err := each.check(ctx)
		done()
		if err != nil {
			found = facts{"ok": false, "error": err.Error()}
		}
		found["check"] = each.name
		line, _ := json.Marshal(found) // facts are strings, numbers and lists of them
		fmt.Println(string(line))
		well = well && found["ok"].(bool)
	}
	return well
}

// show prints the answer as it comes, then what it used.
func (s *smoke) show(prompt string) error {
	ctx, done := context.WithTimeout(context.Background(), deadline)
	defer done()
	stream, err := s.StreamComplete(ctx, &trunklinev1.StreamCompleteRequest{Request: s.request(prompt, 256)})
	if err != nil {
		return err
	}
	for {
		event, err := stream.Recv()
		if err != nil {
			return err
		}
		fmt.Print(event.GetContentDelta().GetText())
		if end := event.GetFinished(); end != nil {
			fmt.Printf("\n%s\n", summary(end))
			return nil
		}
	}
}

func summary(end *trunklinev1.Finished) string {
	basis := strings.ToLower(strings.TrimPrefix(end.GetRoute().GetBasis().String(), "ROUTE_BASIS_"))
	return fmt.Sprintf("%d tokens · $%.9f · %d ms · %s/%s (%s)",
		end.GetUsage().GetOutputTokens(), float64(end.GetCostDetails().GetNanoUsd())/1e9,
		end.GetLatency().AsDuration().Milliseconds(), end.GetProvider(), end.GetModelUsed(), basis)
}

// environment reads a variable that must be set.
func environment(name string) string {
	value := os.Getenv(name)
	if value == "" {
		fmt.Fprintln(os.Stderr, name, "is not set")
		os.Exit(2)
	}
	return value
}

func main() {
	s := &smoke{target: environment("TRUNKLINE_TARGET"), model: environment("TRUNKLINE_MODEL")}
	client, err := trunkline.Dial(s.target, environment("TRUNKLINE_KEY"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	s.Client = client

	well := false
	if len(os.Args) > 1 && os.Args[1] == "--stream" {
		err := s.show(strings.Join(os.Args[2:], " "))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		well = err == nil
	} else {
		well = s.run()
	}
	_ = client.Close() // the program ends
	if !well {
		os.Exit(1)
	}
}
