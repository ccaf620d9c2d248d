-- Budgets, the ledger, the request log. Amounts are nano-USD (1e-9 USD).
CREATE TABLE trunkline.budgets (
    tenant_id        text NOT NULL REFERENCES trunkline.tenants,
    budget_id        text NOT NULL,
    scope            text NOT NULL,
    subject          text NOT NULL DEFAULT '',
    limit_nano_usd   bigint NOT NULL CHECK (limit_nano_usd > 0),
    period           text NOT NULL,
    enforcement      text NOT NULL,
    alert_thresholds double precision[] NOT NULL,
    create_time      timestamptz NOT NULL DEFAULT now(),
    update_time      timestamptz NOT NULL DEFAULT now(),
    etag             text NOT NULL,
    PRIMARY KEY (tenant_id, budget_id)
);
SELECT trunkline.protect('trunkline.budgets');
GRANT SELECT, INSERT, UPDATE, DELETE ON trunkline.budgets TO trunkline_app;

-- Exactly once: a unique key of a partitioned table must hold the partition's column, so `create_time` is part of it.
-- It comes from the record itself and is the same at every delivery of the entry.
-- No foreign keys: a charge is never refused because its tenant, budget or integration has gone.
CREATE TABLE trunkline.ledger (
    tenant_id           text NOT NULL,
    entry               text NOT NULL,
    create_time         timestamptz NOT NULL,
    nano_usd            bigint NOT NULL CHECK (nano_usd >= 0),
    estimated           boolean NOT NULL,
    price_unknown       boolean NOT NULL,
    price_version       text NOT NULL,
    -- Tokens as trunkline.v1.Usage counts them; NULL is unknown, which is not zero.
    input_tokens        bigint,
    output_tokens       bigint,
    cache_read_tokens   bigint,
    cache_write_tokens  bigint,
    reasoning_tokens    bigint,
    audio_input_tokens  bigint,
    audio_output_tokens bigint,
    image_input_tokens  bigint,
    image_output_tokens bigint,
    tool_use_tokens     bigint,
    request_id          text NOT NULL,
    provider            text NOT NULL,
    model               text NOT NULL,
    integration_id      text NOT NULL,
    agent_id            text NOT NULL,
    workflow_id         text NOT NULL,
    user_id             text NOT NULL,
    key_id              text NOT NULL,
    team_id             text NOT NULL,
    -- [[budget id, window], …] that were charged, so that budget_charges can be rebuilt.
    budgets             jsonb NOT NULL,
    PRIMARY KEY (tenant_id, entry, create_time)
) PARTITION BY RANGE (create_time);
CREATE INDEX ON trunkline.ledger (tenant_id, create_time);
SELECT trunkline.protect('trunkline.ledger');
GRANT SELECT, INSERT ON trunkline.ledger TO trunkline_app;

-- The record of every call, and with it the audit of every access to a system outside. Never any content.
CREATE TABLE trunkline.request_log (
    tenant_id      text NOT NULL,
    entry          text NOT NULL,
    create_time    timestamptz NOT NULL,
    request_id     text NOT NULL,
    trace_id       text NOT NULL,
    method         text NOT NULL,
    agent_id       text NOT NULL,
    workflow_id    text NOT NULL,
    user_id        text NOT NULL,
    key_id         text NOT NULL,
    integration_id text NOT NULL,
    provider       text NOT NULL,
    model          text NOT NULL,
    tool_name      text NOT NULL,
    status_code    integer NOT NULL,
    error_reason   text NOT NULL,
    cache_hit      boolean NOT NULL,
    latency_us     bigint NOT NULL,
    nano_usd       bigint NOT NULL,
    -- All of it: a serialised trunkline.v1.RecordedRequest.
    record         bytea NOT NULL,
    PRIMARY KEY (tenant_id, entry, create_time)
) PARTITION BY RANGE (create_time);
CREATE INDEX ON trunkline.request_log (tenant_id, create_time);
CREATE INDEX ON trunkline.request_log (tenant_id, request_id);
SELECT trunkline.protect('trunkline.request_log');
GRANT SELECT, INSERT ON trunkline.request_log TO trunkline_app;

-- What each budget was charged in each window: the ledger, summed as it is written.
CREATE TABLE trunkline.budget_charges (
    tenant_id text NOT NULL,
    budget_id text NOT NULL,
    window_id text NOT NULL,
    nano_usd  bigint NOT NULL,
    PRIMARY KEY (tenant_id, budget_id, window_id)
);
SELECT trunkline.protect('trunkline.budget_charges');
GRANT SELECT, INSERT, UPDATE ON trunkline.budget_charges TO trunkline_app;

-- ── Partitions ─────────────────────────────────────────────────────────────────────────────────────────────────

-- What no month takes stays here, so that nothing is lost.
CREATE TABLE trunkline.ledger_default PARTITION OF trunkline.ledger DEFAULT;
SELECT trunkline.protect('trunkline.ledger_default');
CREATE TABLE trunkline.request_log_default PARTITION OF trunkline.request_log DEFAULT;
SELECT trunkline.protect('trunkline.request_log_default');

-- Makes one month's partition, with what the default partition holds of that month.
CREATE FUNCTION trunkline.create_partition(parent text, month timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    name text := parent || '_' || to_char(month, 'YYYY_MM');
    until timestamptz := month + interval '1 month';
BEGIN
    IF to_regclass('trunkline.' || quote_ident(name)) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    -- First the lock that attaching needs, so that nothing falls into the default partition meanwhile.
    EXECUTE format('LOCK TABLE trunkline.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format('CREATE TABLE trunkline.%I (LIKE trunkline.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent);
    -- Row-level security binds the owner too, unless it is lifted for the move. Nobody sees this from outside.
    EXECUTE format('ALTER TABLE trunkline.%I NO FORCE ROW LEVEL SECURITY', parent || '_default');
    EXECUTE format(
        'WITH moved AS (DELETE FROM trunkline.%I WHERE create_time >= $1 AND create_time < $2 RETURNING *) '
        'INSERT INTO trunkline.%I SELECT * FROM moved', parent || '_default', name) USING month, until;
    EXECUTE format('ALTER TABLE trunkline.%I FORCE ROW LEVEL SECURITY', parent || '_default');
    PERFORM trunkline.protect(format('trunkline.%I', name)::regclass);
    EXECUTE format(
        'ALTER TABLE trunkline.%I ATTACH PARTITION trunkline.%I FOR VALUES FROM (%L) TO (%L)', parent, name, month, until);
    RETURN name;
END
$$;
REVOKE EXECUTE ON FUNCTION trunkline.create_partition FROM PUBLIC;

-- Makes this month's partitions and those of the `ahead` months to come; answers with the names of new ones.
CREATE FUNCTION trunkline.create_partitions(ahead int) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    IF ahead NOT BETWEEN 0 AND 24 THEN
        RAISE numeric_value_out_of_range USING MESSAGE = 'ahead must be from 0 to 24 months';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('trunkline.create_partitions', 0));
    RETURN QUERY
        SELECT made FROM unnest(ARRAY['ledger', 'request_log']) AS parent,
            generate_series(0, ahead) AS step,
            trunkline.create_partition(parent, date_trunc('month', now()) + make_interval(months => step)) AS made
        WHERE made IS NOT NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION trunkline.create_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.create_partitions TO trunkline_app;

SELECT trunkline.create_partitions(2);
