package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	trunklinev1 "trunkline.dev/gen/go/trunkline/v1"
)

// told is what the ends of the tools tell of an object.
type told struct {
	Size   int64  `json:"size"`
	Sha256 string `json:"sha256"`
	Etag   string `json:"etag"`
}

func (d *data) objects() []step {
	configuration := &trunklinev1.Configuration{Kind: &trunklinev1.Configuration_Storage{
		Storage: &trunklinev1.StorageConfiguration{
			Connector: "s3", Bucket: d.bucket, PathStyle: true, AllowWrites: true,
		},
	}}
	return []step{
		{"create", func(ctx context.Context) (facts, error) {
			return d.create(ctx, trunklinev1.IntegrationType_INTEGRATION_TYPE_STORAGE, configuration)
		}},
		{"tools", d.tools},
		{"put", d.put},
		{"get", d.get},
		{"put, cut and resumed", d.putResumed},
		{"get, cut and resumed", d.getResumed},
	}
}

// content is the object: the same bytes each time, of no pattern.
func (d *data) content() io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{7}), d.size)
}

func (d *data) checksum() string {
	whole := sha256.New()
	_, _ = io.Copy(whole, d.content()) // neither can fail
	return hex.EncodeToString(whole.Sum(nil))
}

func (d *data) put(ctx context.Context) (facts, error) {
	end, err := d.RunTool(ctx, d.call("put_object", map[string]any{"key": "data/go.bin"}), d.content(), false, nil)
	if err != nil {
		return nil, err
	}
	found := told{}
	if err := json.Unmarshal(end.GetResultJson(), &found); err != nil {
		return nil, err
	}
	if found.Size != d.size {
		return nil, fmt.Errorf("%d bytes are stored, not %d", found.Size, d.size)
	}
	return facts{"bytes": found.Size, "sha256": d.checksum()}, nil
}

// read gets an object into a checksum, and leaves after `most` bytes where that is not 0.
func (d *data) read(ctx context.Context, parameters map[string]any, into hash.Hash, most int64) (int64, told, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var size int64
	found := told{}
	end, err := d.RunTool(ctx, d.call("get_object", parameters), nil, false,
		func(message *trunklinev1.StreamExecuteToolResponse) error {
			if piece := message.GetChunk(); most == 0 || size < most {
				into.Write(piece)
				size += int64(len(piece))
			}
			if most > 0 && size >= most {
				cancel()
			}
			return nil
		})
	if err == nil {
		err = json.Unmarshal(end.GetResultJson(), &found)
	}
	return size, found, err
}

func (d *data) get(ctx context.Context) (facts, error) {
	whole := sha256.New()
	size, found, err := d.read(ctx, map[string]any{"key": "data/go.bin"}, whole, 0)
	if err != nil {
		return nil, err
	}
	return d.same(size, whole, found)
}

// same checks that what came is what was put.
func (d *data) same(size int64, whole hash.Hash, found told) (facts, error) {
	sum := hex.EncodeToString(whole.Sum(nil))
	if size != d.size || sum != d.checksum() {
		return nil, fmt.Errorf("%d bytes came with the checksum %s: not what was put", size, sum)
	}
	return facts{"bytes": size, "sha256": sum, "etag": found.Etag}, nil
}

// putResumed leaves an upload as soon as parts of it are stored, and goes on with its token.
func (d *data) putResumed(ctx context.Context) (facts, error) {
	parameters := map[string]any{"key": "data/resumed.bin"}
	cut, cancel := context.WithCancel(ctx)
	defer cancel()
	var token string
	var stored int64
	_, err := d.RunTool(cut, d.call("put_object", parameters), d.content(), false,
		func(message *trunklinev1.StreamExecuteToolResponse) error {
			if progress := message.GetProgress(); progress.GetResumeToken() != "" {
				token, stored = progress.GetResumeToken(), progress.GetBytesStored()
				if stored >= d.size/4 {
					cancel()
				}
			}
			return nil
		})
	if status.Code(err) != codes.Canceled || token == "" {
		return nil, errors.Join(fmt.Errorf("the upload was not cut, %d bytes stored", stored), err)
	}
	parameters["resume_token"] = token
	if _, err := d.RunTool(ctx, d.call("put_object", parameters), d.content(), true, nil); err != nil {
		return nil, err
	}
	whole := sha256.New()
	size, found, err := d.read(ctx, map[string]any{"key": "data/resumed.bin"}, whole, 0)
	if err != nil {
		return nil, err
	}
	got, err := d.same(size, whole, found)
	if err != nil {
		return nil, err
	}
	got["resumed_at"] = stored
	return got, nil
}

// getResumed leaves a download half-way, and goes on from there, of the same object.
func (d *data) getResumed(ctx context.Context) (facts, error) {
	answer, err := d.ExecuteTool(ctx, d.call("stat_object", map[string]any{"key": "data/go.bin"}))
	if err != nil {
		return nil, err
	}
	stat := told{}
	if err := json.Unmarshal(answer.GetResultJson(), &stat); err != nil {
		return nil, err
	}
	parameters := map[string]any{"key": "data/go.bin", "if_match": stat.Etag}
	whole := sha256.New()
	half, _, err := d.read(ctx, parameters, whole, d.size/2)
	if status.Code(err) != codes.Canceled {
		return nil, errors.Join(errors.New("the download was not cut"), err)
	}
	parameters["offset"] = half
	rest, found, err := d.read(ctx, parameters, whole, 0)
	if err != nil {
		return nil, err
	}
	got, err := d.same(half+rest, whole, found)
	if err != nil {
		return nil, err
	}
	got["resumed_at"] = half
	return got, nil
}
