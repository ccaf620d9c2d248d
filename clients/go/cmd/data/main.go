// Command data shows databases and object storage from Go, against a running server: one JSON line for each step.
//
//	data rows      creates a PostgreSQL integration, lists its tools, streams rows, and cancels half-way
//	data objects   creates an S3 integration, puts and gets an object, and goes on after cuts
//
// TRUNKLINE_TARGET and TRUNKLINE_KEY say against which server, DATA_ENDPOINT and DATA_LOGIN (user:password, or key
// id:secret key) where the data is, DATA_BUCKET in which bucket; DATA_SIZE is how many rows, or bytes.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"trunkline.dev/clients/go/trunkline"
	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

const deadline = 10 * time.Minute

// data is what the steps need.
type data struct {
	*trunkline.Client
	endpoint, login, bucket, integration string
	size                                 int64
}

// facts are what a step prints.
type facts map[string]any

// step does something, and tells what came of it.
type step struct {
	name string
	do   func(context.Context) (facts, error)
}

// run takes the steps in their order, to the first that fails.
func run(steps []step) error {
	for _, each := range steps {
		ctx, done := context.WithTimeout(context.Background(), deadline)
		began := time.Now()
		found, err := each.do(ctx)
		done()
		if err != nil {
			return fmt.Errorf("%s: %w", each.name, err)
		}
		found["step"], found["seconds"] = each.name, time.Since(began).Seconds()
		line, _ := json.Marshal(found) // facts are strings, numbers and lists of them
		fmt.Println(string(line))
	}
	return nil
}

// call is a call of one of the integration's tools.
func (d *data) call(tool string, parameters map[string]any) *trunklinev1.ExecuteToolRequest {
	text, _ := json.Marshal(parameters)
	return &trunklinev1.ExecuteToolRequest{
		IntegrationId:  d.integration,
		ToolName:       tool,
		ParametersJson: text,
		Context:        &trunklinev1.CallContext{AgentId: "data-go"},
	}
}

// create registers the integration after its live check.
func (d *data) create(
	ctx context.Context, kind trunklinev1.IntegrationType, configuration *trunklinev1.Configuration,
) (facts, error) {
	configuration.Endpoint = d.endpoint
	if configuration.Authentication == nil {
		configuration.Authentication = &trunklinev1.Authentication{}
	}
	configuration.Authentication.Secret = d.login
	created, err := d.CreateIntegration(ctx, &trunklinev1.CreateIntegrationRequest{
		IntegrationId: d.integration, Type: kind, Configuration: configuration,
	})
	if err != nil {
		return nil, err
	}
	return facts{"found": created.GetIntegration().GetLastCheck().GetDetail()}, nil
}

// tools lists what the integration can do.
func (d *data) tools(ctx context.Context) (facts, error) {
	listed, err := d.ListTools(ctx, &trunklinev1.ListToolsRequest{IntegrationId: d.integration})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, tool := range listed.GetTools() {
		names = append(names, tool.GetName())
	}
	return facts{"tools": names}, nil
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
	plans := map[string]func(*data) []step{"rows": (*data).rows, "objects": (*data).objects}
	plan := plans[append(os.Args, "")[1]]
	size, err := strconv.ParseInt(environment("DATA_SIZE"), 10, 64)
	if plan == nil || err != nil {
		fmt.Fprintln(os.Stderr, "data rows | data objects; DATA_SIZE is a number")
		os.Exit(2)
	}
	client, err := trunkline.Dial(environment("TRUNKLINE_TARGET"), environment("TRUNKLINE_KEY"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	d := &data{client, environment("DATA_ENDPOINT"), environment("DATA_LOGIN"), os.Getenv("DATA_BUCKET"), "go-" + os.Args[1], size}
	err = run(plan(d))
	_ = client.Close() // the program ends
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
