-- Routing: policies, task mappings and experiments, every version of them, and judgements of calls.
CREATE TABLE trunkline.routing_items (
    tenant_id   text NOT NULL REFERENCES trunkline.tenants,
    kind        text NOT NULL CHECK (kind IN ('policy', 'mapping', 'experiment')),
    item_id     text NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    etag        text NOT NULL,
    -- The message as proto JSON, without what the columns hold.
    body        jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'),
    create_time timestamptz NOT NULL DEFAULT now(),
    update_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, kind, item_id)
);
SELECT trunkline.protect('trunkline.routing_items');
GRANT SELECT, INSERT, UPDATE, DELETE ON trunkline.routing_items TO trunkline_app;

-- One row per tenant, whose lock is the turn to change its routing.
CREATE TABLE trunkline.routing_revisions (
    tenant_id text PRIMARY KEY REFERENCES trunkline.tenants,
    revision  bigint NOT NULL
);
SELECT trunkline.protect('trunkline.routing_revisions');
GRANT SELECT, INSERT, UPDATE ON trunkline.routing_revisions TO trunkline_app;

CREATE TABLE trunkline.routing_changes (
    tenant_id   text NOT NULL REFERENCES trunkline.tenants,
    revision    bigint NOT NULL,
    kind        text NOT NULL,
    item_id     text NOT NULL,
    version     integer NOT NULL,
    action      text NOT NULL,
    -- Empty: Trunkline itself.
    key_id      text NOT NULL,
    -- As it was after the change; of a deleted one, before.
    body        jsonb NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, revision)
);
SELECT trunkline.protect('trunkline.routing_changes');
GRANT SELECT, INSERT ON trunkline.routing_changes TO trunkline_app;

-- What a call was for and by which experiment it was routed.
ALTER TABLE trunkline.request_log
    ADD COLUMN task          text NOT NULL DEFAULT '',
    ADD COLUMN experiment_id text NOT NULL DEFAULT '',
    ADD COLUMN arm_id        text NOT NULL DEFAULT '',
    ADD COLUMN shadow        boolean NOT NULL DEFAULT false;
CREATE INDEX ON trunkline.request_log (tenant_id, experiment_id) WHERE experiment_id <> '';

-- Judgements. The columns of the call are filled as soon as it stands in the request log.
CREATE TABLE trunkline.feedback (
    tenant_id     text NOT NULL REFERENCES trunkline.tenants,
    request_id    text NOT NULL,
    aspect        text NOT NULL,
    key_id        text NOT NULL,
    feedback_id   text NOT NULL,
    score         double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    comment       text NOT NULL,
    create_time   timestamptz NOT NULL DEFAULT now(),
    update_time   timestamptz NOT NULL DEFAULT now(),
    -- NULL until the call is found.
    provider      text,
    model         text,
    task          text,
    experiment_id text,
    arm_id        text,
    PRIMARY KEY (tenant_id, request_id, aspect, key_id)
);
CREATE INDEX ON trunkline.feedback (tenant_id, experiment_id, arm_id) WHERE experiment_id <> '';
CREATE INDEX ON trunkline.feedback (tenant_id, create_time) WHERE provider IS NULL;
SELECT trunkline.protect('trunkline.feedback');
GRANT SELECT, INSERT, UPDATE ON trunkline.feedback TO trunkline_app;

-- The judgements of each model's calls, summed as they are found.
CREATE TABLE trunkline.model_quality (
    tenant_id text NOT NULL REFERENCES trunkline.tenants,
    provider  text NOT NULL,
    model     text NOT NULL,
    samples   bigint NOT NULL,
    total     double precision NOT NULL,
    PRIMARY KEY (tenant_id, provider, model)
);
SELECT trunkline.protect('trunkline.model_quality');
GRANT SELECT, INSERT, UPDATE ON trunkline.model_quality TO trunkline_app;
