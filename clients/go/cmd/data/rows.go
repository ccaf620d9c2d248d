package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

// marker stands in the statements, so that they are found in the database's own list.
const marker = "data_go"

func (d *data) rows() []step {
	configuration := &trunklinev1.Configuration{Kind: &trunklinev1.Configuration_Database{
		Database: &trunklinev1.DatabaseConfiguration{
			Connector: "postgresql", Tls: trunklinev1.DatabaseTls_DATABASE_TLS_NONE, MaxRows: &d.size,
		},
	}}
	return []step{
		{"create", func(ctx context.Context) (facts, error) {
			return d.create(ctx, trunklinev1.IntegrationType_INTEGRATION_TYPE_DATABASE, configuration)
		}},
		{"tools", d.tools},
		{"stream", d.stream},
		{"cancel", d.cancel},
	}
}

func (d *data) query() *trunklinev1.ExecuteToolRequest {
	sql := fmt.Sprintf("SELECT i AS id, 'customer ' || i AS name, i * 1.5::float8 AS amount, i %% 2 = 0 AS active "+
		"FROM generate_series(1, %d) AS %s (i)", d.size, marker)
	return d.call("query", map[string]any{"sql": sql, "max_rows": d.size})
}

// stream reads all rows, and checks each: its id is one above that of the row before it.
func (d *data) stream(ctx context.Context) (facts, error) {
	var count, messages int64
	end, err := d.RunTool(ctx, d.query(), nil, false, func(message *trunklinev1.StreamExecuteToolResponse) error {
		var rows [][]json.RawMessage
		batch := message.GetRows()
		if batch == nil || batch.GetRowCount() == 0 {
			return nil
		}
		messages++
		if err := json.Unmarshal(batch.GetRowsJson(), &rows); err != nil {
			return err
		}
		if len(rows) != int(batch.GetRowCount()) {
			return fmt.Errorf("%d rows in a batch of %d", len(rows), batch.GetRowCount())
		}
		for _, row := range rows {
			count++
			if string(row[0]) != fmt.Sprint(count) || string(row[1]) != fmt.Sprintf("%q", fmt.Sprint("customer ", count)) {
				return fmt.Errorf("row %d is %s", count, row)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if count != d.size {
		return nil, fmt.Errorf("%d rows came, not %d", count, d.size)
	}
	return facts{"rows": count, "messages": messages, "end": string(end.GetResultJson())}, nil
}

// cancel reads half of the rows, and leaves.
func (d *data) cancel(ctx context.Context) (facts, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var count int64
	_, err := d.RunTool(ctx, d.query(), nil, false, func(message *trunklinev1.StreamExecuteToolResponse) error {
		if count += int64(message.GetRows().GetRowCount()); count >= d.size/2 {
			cancel()
		}
		return nil
	})
	if status.Code(err) != codes.Canceled {
		return nil, errors.Join(errors.New("the call was not cancelled"), err)
	}
	return facts{"rows": count}, nil
}
